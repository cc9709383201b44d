#pragma once
// Ctrl-C, SIGTERM and SIGHUP as a request to stop.

#include <atomic>
#include <memory>
#include <stop_token>

namespace command {

/// From its construction on, the first SIGINT, SIGTERM or SIGHUP requests a stop instead of ending the process; the
/// second one ends it. Signals that were ignored before, as by nohup, stay ignored. Must be constructed before other
/// threads start, as they inherit the mask that leaves these signals to a thread of its own.
class StopSignals {
public:
    StopSignals();

    std::stop_token token() const { return state_->source.get_token(); }

    /// The first signal that has arrived, or 0.
    int received() const noexcept { return state_->signal; }

private:
    // Shared with the thread that waits for signals, which ends only with the program.
    struct State {
        std::stop_source source;
        std::atomic<int> signal = 0;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace command
