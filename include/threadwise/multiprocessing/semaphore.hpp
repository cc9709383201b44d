#pragma once
// Semaphore, BoundedSemaphore: at most so many at once, in all processes together (Python: multiprocessing.Semaphore).
//
// A number of permits in shared memory. acquire() takes one, and waits while there is none; release() gives one back,
// in whatever thread of whatever process. So a permit has no owner, and that of a process that is killed is not given
// back: nobody can know whether another process was to release it. Where one process is to be in at a time, use Lock,
// whose holder's death is noticed; and wait with a timeout where a permit may get lost.
//
// Cost: 8 bytes, no allocation; without waiters, one atomic operation to acquire and two to release.

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// May be used by all threads of all processes that share its memory. What happened before release() is visible to who
/// acquires that permit.
class Semaphore {
public:
    /// Throws ValueError if the value is negative or above max().
    THREADWISE_API explicit Semaphore(std::int64_t value = 1);
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    /// The most permits that there can be.
    static constexpr std::int64_t max() noexcept { return INT32_MAX; }

    /// True once a permit is taken; false if not `blocking` and there is none, or none within `timeout`. Throws
    /// ValueError for a timeout with blocking = false and for a negative one, InterruptedError if interrupt() ends the
    /// wait.
    THREADWISE_API bool acquire(bool blocking = true, Timeout timeout = forever,
                                SourceLocation where = SourceLocation::current());

    /// The same, but also ends, with false, when stop is requested.
    THREADWISE_API bool acquire(std::stop_token stop, Timeout timeout = forever,
                                SourceLocation where = SourceLocation::current());

    /// Takes a permit if there is one; never waits.
    THREADWISE_API bool try_acquire() noexcept;

    /// Gives back `n` permits. Throws ValueError if n is less than 1, or if there would be more than max().
    void release(std::int64_t n = 1) { release(n, max()); }

    /// How many permits there were a moment ago. Python: get_value().
    std::int64_t get_value() const noexcept {
        return value_.load(std::memory_order_relaxed);  // relaxed: a snapshot
    }

private:
    friend class BoundedSemaphore;

    THREADWISE_API void release(std::int64_t n, std::int64_t bound);

    std::atomic<std::uint32_t> value_;
    std::atomic<std::uint32_t> waiters_{0};  ///< at least as many as sleep on the value
};

/// A semaphore that never has more permits than at first: to release one too many is an error.
class BoundedSemaphore {
public:
    explicit BoundedSemaphore(std::int64_t value = 1) : semaphore_(value), bound_(value) {}

    /// As Semaphore's.
    bool acquire(bool blocking = true, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return semaphore_.acquire(blocking, timeout, where);
    }
    bool acquire(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return semaphore_.acquire(std::move(stop), timeout, where);
    }
    bool try_acquire() noexcept { return semaphore_.try_acquire(); }

    /// Throws ValueError if n is less than 1, or if there would be more than at first.
    void release(std::int64_t n = 1) { semaphore_.release(n, bound_); }

    std::int64_t get_value() const noexcept { return semaphore_.get_value(); }

private:
    Semaphore semaphore_;
    std::int64_t bound_;
};

}  // namespace threadwise::multiprocessing
