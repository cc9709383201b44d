#include "threadwise/detail/futures/resumption.hpp"

#include "threadwise/detail/futures/report.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {

bool Resumption::start(Resumption*& in_frame, std::coroutine_handle<> coroutine, FutureState& awaited) {
    Resumption& resumption = *new Resumption(coroutine);
    in_frame = &resumption;
    if (awaited.watch_unless_done(resumption)) return true;
    in_frame = nullptr;
    delete &resumption;
    return false;
}

void Resumption::end(Resumption& resumption, FutureState& awaited) noexcept {
    // If unwatch() takes it off the future's list, the list's count is dropped here; otherwise tell() drops it.
    const bool unlinked = resumption.take_coroutine() != nullptr && awaited.unwatch(resumption);
    resumption.drop_owners(unlinked ? 2 : 1);
}

void Resumption::tell(FutureState& /*done*/) {
    const Finally drop([this] { drop_owners(1); });
    void* const coroutine = take_coroutine();
    if (coroutine == nullptr) return;
    call_user_code([&] { std::coroutine_handle<>::from_address(coroutine).resume(); },
                   [](const std::exception_ptr& failure) {
                       report_exception("exception in a coroutine that awaited a Future", failure);
                   });
}

void* Resumption::take_coroutine() noexcept {
    // relaxed: only one of tell() and end() gets it, and the lock of the future's list makes the frame's writes visible
    // to tell().
    return coroutine_.exchange(nullptr, std::memory_order_relaxed);
}

void Resumption::drop_owners(std::uint32_t count) noexcept {
    // acq_rel: the last owner deletes it after everything that the other one did.
    if (owners_.fetch_sub(count, std::memory_order_acq_rel) == count) delete this;
}

}  // namespace threadwise::detail
