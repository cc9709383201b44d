#include "threadwise/detail/futures/resumption.hpp"

#include "threadwise/detail/futures/report.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {

bool Resumption::start(Resumption*& place, std::coroutine_handle<> coroutine, FutureState& awaited) {
    Resumption& resumption = *new Resumption(coroutine);
    place = &resumption;
    if (awaited.watch_unless_done(resumption)) return true;
    place = nullptr;
    delete &resumption;
    return false;
}

void Resumption::end(Resumption& resumption, FutureState& awaited) noexcept {
    // The list's count comes back with the place in the list. If it has none any more, whoever tells drops that count.
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
    // relaxed: one side gets it. The list's lock orders the frame's writes before tell().
    return coroutine_.exchange(nullptr, std::memory_order_relaxed);
}

void Resumption::drop_owners(std::uint32_t count) noexcept {
    // acq_rel: the last one destroys after all that the other did.
    if (owners_.fetch_sub(count, std::memory_order_acq_rel) == count) delete this;
}

}  // namespace threadwise::detail
