#pragma once
// Sleeping on a word in shared memory beside which a count of sleepers stands, so that a waker need not ask the kernel
// when there are none.
//
// No wake-up is lost: a sleeper counts itself, then the kernel compares the word; a waker changes the word, then looks
// at the count. All four are sequentially consistent, so one of the two sees the other. A process that is killed stays
// in the count: from then on wakers ask the kernel in vain.

#include <atomic>
#include <cstdint>

#include "platform/processes/shared_futex.hpp"
#include "runtime/waiting/door.hpp"

namespace threadwise::multiprocessing {

/// Sleeps while the word holds what is expected, and may return early, as Waiting::sleep_shared().
inline runtime::Wakeup sleep_counted(runtime::Waiting& waiting, std::atomic<std::uint32_t>& sleepers,
                                     platform::AwaitedWord awaited) {
    struct Counted {
        explicit Counted(std::atomic<std::uint32_t>& sleepers) noexcept : count(sleepers) { count.fetch_add(1); }
        ~Counted() { count.fetch_sub(1); }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
        std::atomic<std::uint32_t>& count;
    };
    const Counted counted(sleepers);
    return waiting.sleep_shared(awaited);
}

/// Wakes up to `count` sleepers, after the word was changed by a sequentially consistent operation.
inline void wake_counted(const std::atomic<std::uint32_t>& sleepers, const std::atomic<std::uint32_t>& word,
                         int count) noexcept {
    if (sleepers.load() != 0) platform::shared_futex_wake(&word, count);
}

}  // namespace threadwise::multiprocessing
