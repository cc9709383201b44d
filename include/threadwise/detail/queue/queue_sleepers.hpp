#pragma once
// How the threads that found a queue empty, or full, sleep and are woken.
//
// Getters sleep for the put side, putters for the get side. Who wants to sleep announces it under the lock of the side
// that he waits for, having seen under that lock that there is no need to stay awake. Whoever changes that side holds
// its lock, so either has changed it before the announcement, and that is seen, or sees the announcement. Therefore the
// fast paths need no fence and read only a word on a cache line that is theirs.
//
// One sleeper is woken at a time: the designated one. While he is on his way nobody else is woken. Once he has taken
// what he came for, he looks under the same lock whether there is more, and wakes the next one for it.
//
// A fork may leave somebody on his way who does not exist in the child. So who announces himself there first rubs out
// what the parent's threads have left in the word, which says from which process it is.

#include <atomic>
#include <cstdint>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// A word about those who sleep for one side of a queue. 4 bytes.
class QueueSleepers {
public:
    /// With the side's lock held: whether somebody sleeps and nobody is on his way.
    bool must_wake() const noexcept {
        // relaxed: announcements are made under the lock that the caller holds.
        return (word_.load(std::memory_order_relaxed) & (asleep | woken)) == asleep;
    }

    /// Without the lock: wakes one, unless one is on his way already.
    THREADWISE_API void wake_one() noexcept;
    /// Without the lock: wakes all, as nobody need sleep here any more.
    THREADWISE_API void wake_all() noexcept;

private:
    friend class QueueWaiter;

    static constexpr std::uint32_t asleep = 1;  // somebody may sleep
    static constexpr std::uint32_t woken = 2;   // the designated one is on his way
    static constexpr std::uint32_t fork = 4;    // times how many forks lie before the process

    /// With the side's lock held.
    void announce() noexcept;

    std::atomic<std::uint32_t> word_{0};
};

}  // namespace threadwise::detail
