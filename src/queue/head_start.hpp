#pragma once
// Standing back for a moment before looking again.

#include <thread>

#include "platform/cpu.hpp"

namespace threadwise::detail {

/// Leaves a side of a queue alone for a microsecond or two. A look at it takes its cache line from the thread that
/// works there, which then gets no more than an item or two done between two looks; left alone it does dozens. And if
/// another thread waits for this core, it runs first: it may be the very one that fills the queue, or empties it. On
/// both hangs how fast threads pass items (benchmarks/queue.cpp); a wake-up takes ten times as long.
inline void head_start() noexcept {
    constexpr int pauses = 128;
    std::this_thread::yield();
    for (int i = 0; i < pauses; ++i) platform::pause();
}

/// The same where an item takes its threads a tenth of a microsecond and more anyway, so that fewer looks disturb it,
/// and a thread that asks and waits for the answer, item by item, has it in half the time.
inline void short_head_start() noexcept {
    constexpr int pauses = 64;
    for (int i = 0; i < pauses; ++i) platform::pause();
}

}  // namespace threadwise::detail
