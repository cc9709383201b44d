#pragma once
// Sleeping until a descriptor is ready, in a way that other threads can end.

#include <atomic>
#include <cstdint>

#include "platform/clock.hpp"
#include "platform/futex.hpp"

namespace threadwise::platform {

/// A descriptor, and what has to be possible with it. Its end of file, and an error, make it ready for both.
struct AwaitedDescriptor {
    enum class Ready : std::uint8_t { read, write };
    int descriptor = -1;
    Ready ready = Ready::read;
    /// Another one, which is awaited as well: of a process that may end. -1: none.
    int process = -1;
};

/// Wakes one thread from its sleep on a descriptor: an eventfd of the thread's own, made when it first sleeps so.
class DescriptorWaker {
public:
    DescriptorWaker() = default;
    ~DescriptorWaker();
    DescriptorWaker(const DescriptorWaker&) = delete;
    DescriptorWaker& operator=(const DescriptorWaker&) = delete;

    /// The thread itself, before it lets others know that it sleeps. Without a descriptor to be had, wake() does
    /// nothing, and wait() returns every few milliseconds.
    void prepare() noexcept;

    /// The thread itself: sleeps until a descriptor is ready or wake() is called, also if it was before. May return
    /// early, as `woken`: callers loop.
    FutexResult wait(AwaitedDescriptor awaited, Instant deadline) noexcept;

    /// Any thread. Async-signal-safe.
    void wake() noexcept;

private:
    void close() noexcept;

    std::atomic<int> event_{-1};
    std::uint64_t process_ = 0;  ///< that has made it: a forked child shares its parent's
};

}  // namespace threadwise::platform
