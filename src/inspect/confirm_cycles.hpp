#pragma once
// Circles of waits that existed, told from those that only a snapshot has.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "threadwise/inspect.hpp"

namespace threadwise::inspect {

/// The waits of a snapshot may be of different moments, so that a circle in it need not have existed. Two more looks,
/// the second of which begins when the first is complete, find out: runtime/deadlock/detector.cpp has the argument.
/// `is_unchanged(index)` looks at that thread, and says whether it is in the same wait for the same owner. The owners
/// of a wait that is not are forgotten, which breaks the circle.
template <class IsUnchanged>
void confirm_cycles(Snapshot& snapshot, IsUnchanged is_unchanged) {
    auto& threads = snapshot.threads;
    const auto still_waits = [&](std::uint32_t ident) {
        const auto thread =
            std::find_if(threads.begin(), threads.end(), [&](const ThreadInfo& info) { return info.ident == ident; });
        if (is_unchanged(static_cast<std::size_t>(thread - threads.begin()))) return true;
        thread->wait.owners.clear();
        return false;
    };
    for (bool has_broken = true; has_broken;) {
        has_broken = false;
        for (const auto& cycle : wait_cycles(snapshot)) {
            for (int look = 0; look < 2; ++look) {
                for (const std::uint32_t ident : cycle) has_broken |= !still_waits(ident);
            }
        }
    }
}

}  // namespace threadwise::inspect
