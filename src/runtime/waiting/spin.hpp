#pragma once
// Spinning before a thread sleeps: for how long, and how often it looks.

#include <algorithm>
#include <chrono>

#include "platform/clock.hpp"
#include "platform/cpu.hpp"
#include "runtime/base/spin_memory.hpp"

namespace threadwise::runtime {

/// About what it costs to wake an idle core: to spin for longer than that costs more than the sleep it saves, and to
/// spin for less gives up just before it would have paid (Karlin et al., "Competitive randomized algorithms", 1990).
inline constexpr std::chrono::microseconds longest_spin{30};

/// How often a spin polls.
struct Pacing {
    /// The pause between two polls doubles up to so many pauses: the wait at most doubles, and the thread that is
    /// waited for keeps its cache line meanwhile.
    int longest_pause;
    /// After that time the pauses are short whatever longest_pause says.
    std::chrono::nanoseconds patience = longest_spin;
};

/// Polls `ready()` until it is true, the deadline passes or spinning has cost too much; returns whether it was true.
template <class Ready>
bool spin_until(SpinMemory& memory, platform::Instant deadline, Pacing pacing, Ready&& ready) {
    if (platform::core_count() == 1 || !memory.worth_trying()) return false;
    constexpr int pauses_between_looks_at_the_clock = 8;  // which costs as much as some pauses
    constexpr int impatient_pause = 2;
    constexpr int few_looks = 4;  // a spin this short is rarely preempted
    int pauses_since_look = 0;
    int looks = 0;
    platform::Instant give_up = platform::never;
    platform::Instant lose_patience = platform::never;
    for (int pauses = 1;;) {
        for (int i = 0; i < pauses; ++i) platform::pause();
        if (ready()) {
            // A spin that was preempted has kept other threads from their cores: where that happens, it does not pay.
            // A short spin is not worth a look at the clock.
            const bool in_time = looks < few_looks || platform::now() <= give_up + longest_spin;
            if (in_time) {
                memory.paid();
            } else {
                memory.wasted();
            }
            return true;
        }
        pauses_since_look += pauses;
        if (pauses < pacing.longest_pause) pauses *= 2;
        if (pauses_since_look < pauses_between_looks_at_the_clock) continue;
        pauses_since_look = 0;
        ++looks;
        const platform::Instant now = platform::now();
        if (give_up == platform::never) {
            give_up = now + longest_spin;
            lose_patience = now + pacing.patience;
        }
        if (now >= give_up || now >= deadline) {
            memory.wasted();
            return false;
        }
        if (now >= lose_patience) pauses = pacing.longest_pause = std::min(pacing.longest_pause, impatient_pause);
    }
}

}  // namespace threadwise::runtime
