#pragma once
// Standing back for a moment before looking again.

#include "platform/cpu.hpp"

namespace threadwise::detail {

/// Leaves a side of a queue alone for a microsecond or two. A look at it takes its cache line from the thread that
/// works there, which then gets no more than an item or two done between two looks; left alone it does dozens. On it
/// hangs how fast two threads pass items (benchmarks/queue.cpp); it is short beside a wake-up, which takes tens of
/// microseconds.
inline void head_start() noexcept {
    constexpr int pauses = 128;
    for (int i = 0; i < pauses; ++i) platform::pause();
}

}  // namespace threadwise::detail
