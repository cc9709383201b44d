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
        return (word_.load(std::memory_order_relaxed) & (asleep | woken)) == asleep;
    }

    /// Without the lock: wakes one, unless one has been woken that has not come yet.
    THREADWISE_API void wake_one() noexcept;
    /// Without the lock: wakes all, as nobody need sleep here any more.
    THREADWISE_API void wake_all() noexcept;

private:
    friend class QueueWaiter;

    static constexpr std::uint32_t asleep = 1;  // a thread may sleep
    static constexpr std::uint32_t woken = 2;   // the designated one has not come yet
    static constexpr std::uint32_t fork = 4;    // times how many forks lie before the process

    /// With the side's lock held.
    void announce() noexcept;

    std::atomic<std::uint32_t> word_{0};
};

}  // namespace threadwise::detail
