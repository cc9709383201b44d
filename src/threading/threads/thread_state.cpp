#include "threading/threads/thread_state.hpp"

#include <exception>
#include <utility>

#include "platform/native_thread.hpp"
#include "runtime/lifetime/recycler.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/records/registry.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/excepthook.hpp"
#include "threadwise/thread_handle.hpp"

namespace threadwise {

void ThreadState::main(void* first) {
    runtime::notice_exit();
    runtime::RecyclableThread os_thread(static_cast<ThreadState*>(first)->stack_size);
    for (auto* next = static_cast<ThreadRecord*>(static_cast<ThreadState*>(first)); next != nullptr;
         next = os_thread.await_next()) {
        auto& state = static_cast<ThreadState&>(*next);  // kept alive by the registry until the thread has ended
        // Before the registry says that it runs: a thread that waits for that may look at the name.
        platform::name_this_thread(runtime::registry::short_name_of(state).data());
        runtime::registry::bind(state);
        {
            const detail::Finally let_go([&state] { state.target.reset(); });  // also when pthread_exit() unwinds
            state.run();
        }
        if (!os_thread.end_and_offer(state)) return;
    }
}

void ThreadState::run() {
    // Also when pthread_exit() unwinds, but not when exit() destroys the thread_local objects.
    struct Return {
        bool& has_returned;
        ~Return() { has_returned = true; }
    } const note_return{has_returned};
    std::exception_ptr failure;
    try {
        if (object != nullptr) {
            return run_object(*object);
        }
        if (target) return target->run(stop.get_token());
        return;
    } catch (...) {
        failure = detail::handled_exception();  // or the unwinding goes on, if pthread_exit() or cancellation ends it
    }
    excepthook({std::move(failure), current_thread()});
}

}  // namespace threadwise
