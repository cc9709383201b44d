#include "pool/spent_work.hpp"

#include "pool/native_work.hpp"

namespace threadwise::python {

void SpentWork::add(NativeWork& work) noexcept {
    NativeWork* first = first_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    do {
        work.next = first;
        // release: a thread that lets go sees that the call is over.
    } while (!first_.compare_exchange_weak(first, &work, std::memory_order_release, std::memory_order_relaxed));
}

bool SpentWork::ask_main_thread() noexcept {
    // acq_rel: either finds that the main thread has answered, or that one sees what this thread has added.
    if (empty() || asked_.exchange(true, std::memory_order_acq_rel)) return true;
    const auto answer = [](void* spent) {
        static_cast<SpentWork*>(spent)->asked_.exchange(false, std::memory_order_acq_rel);  // acq_rel: as above
        static_cast<SpentWork*>(spent)->destroy_any();
        return 0;
    };
    if (Py_AddPendingCall(answer, this) == 0) return true;
    asked_.store(false, std::memory_order_relaxed);  // relaxed: nothing depends on it
    return false;
}

void SpentWork::destroy_all() noexcept {
    NativeWork* work = first_.exchange(nullptr, std::memory_order_acquire);  // acquire: pairs with add()
    while (work != nullptr) {
        NativeWork* const next = work->next;
        work->destroy(work);
        work = next;
    }
}

}  // namespace threadwise::python
