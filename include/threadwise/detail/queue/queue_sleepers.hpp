#pragma once
// How the threads that found a queue empty, or full, sleep and are woken.
//
// Getters sleep for the put side, putters for the get side. A thread that is about to sleep announces it under the lock
// of the side that it waits for, having seen under that lock that it has to. A thread that changes that side holds the
// same lock: either it has changed the side before the announcement, and the change is seen, or it sees the
// announcement. Therefore the fast paths need no fence and read only a word on a cache line that is theirs.
//
// One sleeper is woken at a time: the designated one. Until it has come no other is woken. Once it has taken what it
// came for, it looks under the same lock whether there is more, and wakes the next one for it.
//
// After a fork the word may name a woken thread that the child lacks. The word says from which process it is, and the
// first thread that announces itself in the child clears what the parent's threads have left.

#include <atomic>
#include <cstdint>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// A word about those that sleep for one side of a queue. 4 bytes.
class QueueSleepers {
public:
    /// With the side's lock held: whether a thread sleeps and none has been woken that has not come yet.
    bool must_wake() const noexcept {
        // relaxed: announcements are made under the lock that the caller holds.
        return (word_.load(std::memory_order_relaxed) & (has_waiters | woken)) == has_waiters;
    }

    /// Without the lock: wakes one, unless one has been woken that has not come yet.
    THREADWISE_API void wake_one() noexcept;
    /// Without the lock: wakes all, as nobody need sleep here any more.
    THREADWISE_API void wake_all() noexcept;

private:
    friend class QueueWaiter;

    /// | bits of word_ | meaning                      | set by                        | cleared by                    |
    /// |---------------|------------------------------|-------------------------------|-------------------------------|
    /// | has_waiters   | a thread may sleep           | that thread, with the side's  | a waker, with the last        |
    /// |               |                              | lock                          | sleeper                       |
    /// | woken         | the designated one has not   | wake_one()                    | that one, with the side's     |
    /// |               | come yet                     |                               | lock                          |
    /// | the others    | how many forks lie before    | the first waiter in a child   | never                         |
    /// |               | the process                  |                               |                               |
    static constexpr std::uint32_t has_waiters = 1;
    static constexpr std::uint32_t woken = 2;
    static constexpr std::uint32_t fork = 4;

    /// With the side's lock held: a thread is about to sleep.
    void add_waiter() noexcept;

    std::atomic<std::uint32_t> word_{0};
};

}  // namespace threadwise::detail
