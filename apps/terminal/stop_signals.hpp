#pragma once
// Ctrl-C, SIGTERM and SIGHUP as a request to stop.

#include <atomic>
#include <memory>
#include <stop_token>

namespace command {

/// From its construction on, the first SIGINT, SIGTERM or SIGHUP requests a stop instead of ending the program; the
/// second one ends it. Those that were ignored before, as nohup does, stay ignored. Construct it before other threads
/// start: they inherit that these signals are left to its own thread.
class StopSignals {
public:
    StopSignals();

    std::stop_token token() const { return state_->source.get_token(); }

    /// The signal that came, or 0.
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
