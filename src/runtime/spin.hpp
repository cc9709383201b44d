#pragma once
// Spinning before sleep: how long, and how politely.

#include <chrono>

#include "platform/clock.hpp"
#include "platform/cpu.hpp"
#include "runtime/spin_memory.hpp"

namespace threadwise::runtime {

/// About what it costs to wake an idle core: to spin for longer than that costs more than the sleep it saves, and to
/// spin for less gives up just before it would have paid (Karlin et al., "Competitive randomized algorithms", 1990).
inline constexpr std::chrono::microseconds longest_spin{30};

/// Polls `ready` until it says yes or until spinning has cost too much; true when ready. The pause between polls
/// doubles up to `longest_pause` pauses: the wait at most doubles, and the thread that is waited for keeps its cache
/// line meanwhile.
template <class Ready>
bool spin_until(SpinMemory& memory, platform::Instant deadline, int longest_pause, Ready&& ready) {
    if (platform::core_count() == 1 || !memory.worth_trying()) return false;
    constexpr int pauses_without_clock = 8;
    platform::Instant give_up = platform::never;
    for (int pauses = 1;;) {
        for (int i = 0; i < pauses; ++i) platform::pause();
        if (ready()) {
            // Who was put off his core meanwhile has kept others from theirs: where that happens, sleep.
            const bool in_time = give_up == platform::never || platform::now() <= give_up + longest_spin;
            in_time ? memory.paid() : memory.wasted();
            return true;
        }
        if (pauses < longest_pause) pauses *= 2;
        if (pauses < pauses_without_clock && longest_pause >= pauses_without_clock) continue;
        const platform::Instant now = platform::now();
        if (give_up == platform::never) {
            give_up = now + longest_spin;
        } else if (now >= give_up || now >= deadline) {
            memory.wasted();
            return false;
        }
    }
}

}  // namespace threadwise::runtime
