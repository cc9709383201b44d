#pragma once
// A call of a queue's function that found the queue empty, or full.

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "threadwise/detail/queue/queue_lock.hpp"
#include "threadwise/detail/queue/queue_sleepers.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::detail {

/// How an attempt to put or get begins.
enum class Attempt : std::uint8_t {
    begun,      ///< there is room, or an item
    not_now,    ///< the queue is full, or empty
    shut_down,  ///< and that will not change
    claimed,    ///< another thread is about to change that, see queue_claim.hpp
};

[[noreturn]] THREADWISE_API void refuse_timeout();

/// Throws ValueError if the timeout is negative, as Python does.
inline void check_timeout(Timeout timeout) {
    if (timeout.is_negative()) [[unlikely]]
        refuse_timeout();
}

/// What putters, getters, or joiners of a queue wait for.
struct QueueSide {
    QueueLock& lock;          ///< held while that is changed
    QueueSleepers& sleepers;  ///< woken when that has changed
    /// Whether it is worth to try again; without the lock only a hint.
    bool (*ready)(const void* storage) noexcept;
    const void* storage;
    /// Whether items come so fast that a waiter does best to leave the queue alone for two microseconds.
    bool fast = true;
};

/// Waits, as often as needed until the call has succeeded. Destroyed after what the call has taken is gone from the
/// queue: then the waiter passes a wake-up on that was made for more than one.
class QueueWaiter {
public:
    enum class Kind : std::uint8_t { get, put, join };

    THREADWISE_API QueueWaiter(Kind kind, QueueSide side, const void* queue, Timeout timeout, std::stop_token stop,
                               SourceLocation where);
    QueueWaiter(const QueueWaiter&) = delete;
    QueueWaiter& operator=(const QueueWaiter&) = delete;
    THREADWISE_API ~QueueWaiter();

    /// True: try again. False: the time is over, or stop was requested. Throws InterruptedError.
    THREADWISE_API bool wait();

private:
    bool enqueue();

    Kind kind_;
    bool designated_ = false;
    QueueSide side_;
    const void* queue_;
    std::chrono::steady_clock::time_point deadline_;
    std::stop_token stop_;
    SourceLocation where_;
};

}  // namespace threadwise::detail
