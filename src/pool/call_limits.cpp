#include "threadwise/detail/pool/call_limits.hpp"

#include <algorithm>

#include "runtime/waiting/door.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::detail {

CallLimits::CallLimits(TaskOptions options)
    : options_(std::move(options)), deadline_(runtime::deadline_after(options_.start_within)) {}

Timeout CallLimits::left() const noexcept {
    if (deadline_ == platform::never) return forever;
    return std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(deadline_ - platform::now()));
}

void CallLimits::expect_time_left() const {
    if (deadline_ != platform::never && platform::now() >= deadline_) throw NotBegun();
}

void CallLimits::listen(FutureState& state) {
    if (options_.stop.stop_possible()) on_stop_.emplace(options_.stop, Cancel{this, &state});
}

bool CallLimits::stop_listening() {
    if (!on_stop_) return true;
    // acq_rel, as both exchanges below: the side that comes second sees all that the other one did.
    if (answer_.exchange(Answer::not_awaited, std::memory_order_acq_rel) == Answer::being_given) return false;
    // It will not be answered any more, or has been: nothing of the user's runs in what this may wait for.
    on_stop_.reset();
    return true;
}

void CallLimits::Cancel::operator()() const {
    if (limits->answer_.exchange(Answer::being_given, std::memory_order_acq_rel) == Answer::not_awaited) return;
    FutureState& cancelled = *state;  // this is part of the state, and may go with it
    const Finally answered([this, &cancelled] {
        if (limits->answer_.exchange(Answer::given, std::memory_order_acq_rel) == Answer::not_awaited)
            cancelled.drop_owner();
    });
    cancelled.cancel();
}

}  // namespace threadwise::detail
