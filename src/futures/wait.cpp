#include "threadwise/wait.hpp"

namespace threadwise::detail {
namespace {

bool failed(const FutureState& state) { return state.finished() && state.exception() != nullptr; }

void wait_for_all(const std::vector<FutureState*>& states, const Deadline& deadline, const std::stop_token& stop,
                  SourceLocation where) {
    for (FutureState* const state : states) {
        if (!state->wait(deadline.left(), stop, where)) return;
    }
}

void wait_for_some(const std::vector<FutureState*>& states, ReturnWhen return_when, const Deadline& deadline,
                   const std::stop_token& stop, SourceLocation where) {
    Completions completions(states);
    try {
        while (completions.left() != 0) {
            const FutureState& state = *states[completions.next(deadline, stop, where)];
            if (return_when == ReturnWhen::first_completed || failed(state)) return;
        }
    } catch (const TimeoutError&) {
        // The caller looks at the futures itself.
    } catch (const InterruptedError&) {
        if (!stop.stop_requested()) throw;
    }
}

}  // namespace

void wait_for_states(const std::vector<FutureState*>& states, ReturnWhen return_when, const std::stop_token& stop,
                     Timeout timeout, SourceLocation where) {
    const Deadline deadline(timeout);
    if (return_when == ReturnWhen::all_completed) {
        wait_for_all(states, deadline, stop, where);
    } else {
        wait_for_some(states, return_when, deadline, stop, where);
    }
}

}  // namespace threadwise::detail
