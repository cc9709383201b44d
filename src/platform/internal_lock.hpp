#pragma once
// The lock of the library's own short critical sections (a bucket of sleepers, the registry). It lies below the door,
// so it cannot wait there: it spins for about a microsecond, then sleeps on the word itself. What it guards says so
// (thread_safety.hpp).

#include <atomic>
#include <cstdint>

#include "platform/cpu.hpp"
#include "platform/futex.hpp"
#include "platform/internal_section.hpp"
#include "platform/thread_safety.hpp"

namespace threadwise::platform {

/// Meets the standard's BasicLockable. 4 bytes; uncontended, lock and unlock are one atomic operation each.
class THREADWISE_LOCK InternalLock {
public:
    void lock() noexcept THREADWISE_ACQUIRES() {
        enter_internal_section();
        if (!try_take()) lock_contended();
    }

    void unlock() noexcept THREADWISE_RELEASES() {
        // release: publishes the section to the next lock().
        if (word_.exchange(free, std::memory_order_release) == has_waiters) platform::futex_wake(&word_, 1);
        leave_internal_section();
    }

    /// In a forked child, where the thread that held it does not exist any more.
    void reset_after_fork() noexcept { word_.store(free, std::memory_order_relaxed); }

private:
    static constexpr std::uint32_t free = 0;
    static constexpr std::uint32_t held = 1;
    static constexpr std::uint32_t has_waiters = 2;  // held, and a thread may sleep on the word
    static constexpr int spins = 50;

    bool try_take() noexcept {
        std::uint32_t expected = free;
        // acquire: pairs with the release in unlock(), so the section sees all that the previous one wrote.
        return word_.compare_exchange_strong(expected, held, std::memory_order_acquire, std::memory_order_relaxed);
    }

    void lock_contended() noexcept {
        for (int i = 0; i < spins; ++i) {
            platform::pause();
            // relaxed: only a hint that the exchange in try_take() is worth its cache miss.
            if (word_.load(std::memory_order_relaxed) == free && try_take()) return;
        }
        // A thread that has slept leaves `has_waiters` behind when it takes the lock: others may sleep still. acquire:
        // as above.
        while (word_.exchange(has_waiters, std::memory_order_acquire) != free) {
            platform::futex_wait(word_, has_waiters, platform::never);
        }
    }

    std::atomic<std::uint32_t> word_{free};
};

/// Holds an InternalLock until the end of the scope. std::lock_guard does the same, but clang's check does not know it.
class THREADWISE_HOLD InternalHold {
public:
    explicit InternalHold(InternalLock& lock) noexcept THREADWISE_ACQUIRES(lock) : lock_(lock) { lock_.lock(); }
    ~InternalHold() THREADWISE_RELEASES() { lock_.unlock(); }
    InternalHold(const InternalHold&) = delete;
    InternalHold& operator=(const InternalHold&) = delete;

private:
    InternalLock& lock_;
};

}  // namespace threadwise::platform
