#pragma once
// When a thread that sleeps at the door looks for deadlocks.

#include <atomic>
#include <cstdint>

#include "runtime/records/thread_record.hpp"
#include "threadwise/detail/runtime/wait_parts.hpp"

namespace threadwise::runtime {

/// How long a wait has lasted when its thread looks first; tests shorten it. 0: no thread looks.
extern constinit std::atomic<std::int64_t> first_look_after;  // nanoseconds

/// Of one wait: half a second after its beginning, then after twice as long each time, up to a minute.
class DeadlockWatch {
public:
    /// Waits that end when another thread goes on, and have no deadline. An idle worker of a pool never looks, nor does
    /// a daemon that waits for something to do.
    DeadlockWatch(const ThreadRecord& record, const WaitSite& site) noexcept;
    DeadlockWatch(const DeadlockWatch&) = delete;
    DeadlockWatch& operator=(const DeadlockWatch&) = delete;

    /// When the thread is to look next.
    platform::Instant due() const noexcept { return times_->due; }
    void look() noexcept;

private:
    detail::LookTimes own_;
    detail::LookTimes* times_ = &own_;  ///< those of the whole wait, where this is a part of one
};

}  // namespace threadwise::runtime
