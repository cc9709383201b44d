#include "threadwise/detail/call_limits.hpp"

#include <algorithm>

#include "runtime/door.hpp"

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
    if (options_.stop.stop_possible()) on_stop_.emplace(options_.stop, Cancel{&state});
}

void CallLimits::Cancel::operator()() const noexcept {
    // A callback of the future may drop all other owners. The queue still is one, see stop_listening().
    state->add_owner();
    state->cancel();
    state->drop_owner();
}

}  // namespace threadwise::detail
