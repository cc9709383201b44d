#pragma once
// How many of the items ever put are not done yet: task_done() and join().

#include <atomic>
#include <cstdint>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::detail {

/// Counts what is done. What is unfinished is the number of items ever put less that, so that putting costs nothing.
class UnfinishedTasks {
public:
    /// One task is done of `total` ever put; `total` is asked only when the last known number does not suffice. Throws
    /// ValueError if all were done already.
    template <class Total>
    void done(Total&& total) {
        // relaxed: the exchange decides.
        std::uint64_t old = word_.load(std::memory_order_relaxed);
        do {
            if (old / one >= known_total_.load(std::memory_order_relaxed)) {
                // relaxed: only a lower bound, whichever thread has written it.
                known_total_.store(total(), std::memory_order_relaxed);
                if (old / one >= known_total_.load(std::memory_order_relaxed)) refuse();
            }
            // acq_rel: a thread that sees the last task done comes after all of them.
        } while (!word_.compare_exchange_weak(old, old + one, std::memory_order_acq_rel, std::memory_order_relaxed));
        if ((old & has_waiters) != 0 && old / one + 1 == total()) wake_joiners();
    }

    /// That many tasks are never going to be done, and need not be.
    void forget(std::uint64_t count) {
        word_.fetch_add(count * one, std::memory_order_release);  // release: as in done()
        wake_joiners();
    }

    bool all_done(std::uint64_t total) const noexcept {
        return word_.load(std::memory_order_acquire) / one == total;  // acquire: pairs with the release in done()
    }

    /// Waits until all of `total(storage)` are done. Throws InterruptedError.
    THREADWISE_API void join(const void* queue, std::uint64_t (*total)(const void* storage) noexcept,
                             const void* storage, SourceLocation where);

private:
    static constexpr std::uint64_t has_waiters = 1;  // somebody may wait
    static constexpr std::uint64_t one = 2;

    [[noreturn]] THREADWISE_API static void refuse();
    THREADWISE_API void wake_joiners() noexcept;

    std::atomic<std::uint64_t> word_{0};  ///< tasks done, times `one`
    std::atomic<std::uint64_t> known_total_{0};
};

}  // namespace threadwise::detail
