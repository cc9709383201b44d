/// The peers nobody ships: what a programmer would write by hand over Linux's futex.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace bench {

using Word = std::atomic<std::uint32_t>;

inline void futex_wait(Word& word, std::uint32_t expected) {
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

inline void futex_wake_one(Word& word) { syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0); }

/// The third mutex of Drepper's "Futexes Are Tricky": free, held, held with sleepers. It never spins.
class FutexMutex {
public:
    void lock() {
        std::uint32_t seen = free;
        if (state_.compare_exchange_strong(seen, held, std::memory_order_acquire)) return;
        while (state_.exchange(contended, std::memory_order_acquire) != free) futex_wait(state_, contended);
    }

    void unlock() {
        if (state_.exchange(free, std::memory_order_release) == contended) futex_wake_one(state_);
    }

private:
    static constexpr std::uint32_t free = 0;
    static constexpr std::uint32_t held = 1;
    static constexpr std::uint32_t contended = 2;
    Word state_{free};
};

/// A binary semaphore that checks `Pauses` times before it sleeps.
template <int Pauses>
class FutexSemaphore {
public:
    void acquire() {
        for (int i = 0; i < Pauses && state_.load(std::memory_order_relaxed) != full; ++i) __builtin_ia32_pause();
        std::uint32_t seen = full;
        while (!state_.compare_exchange_strong(seen, empty, std::memory_order_acquire)) {
            if (seen == awaited || state_.compare_exchange_strong(seen, awaited)) futex_wait(state_, awaited);
            seen = full;
        }
    }

    void release() {
        if (state_.exchange(full, std::memory_order_release) == awaited) futex_wake_one(state_);
    }

private:
    static constexpr std::uint32_t empty = 0;
    static constexpr std::uint32_t full = 1;
    static constexpr std::uint32_t awaited = 2;
    Word state_{empty};
};

}  // namespace bench
