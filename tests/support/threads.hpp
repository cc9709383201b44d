#pragma once
// Threads and patience for tests: nothing here is part of the library.

#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace threadwise::testing {

/// What a test waits at most for something that must happen. Far beyond what the busiest machine needs.
inline constexpr std::chrono::seconds patience{60};

/// Waits until `condition` holds; false when patience is at an end.
template <class Condition>
bool wait_until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    for (int polls = 0; !condition(); ++polls) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        if (polls < 100) {
            std::this_thread::yield();
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    return true;
}

/// Runs `body` on a thread of its own, and waits for it without threadwise knowing.
template <class Body>
void elsewhere(Body body) {
    std::jthread(body).join();
}

/// Whether another thread could take `lock`.
template <class Lockable>
bool is_free(Lockable& lock) {
    bool free = false;
    elsewhere([&] {
        free = lock.try_lock();
        if (free) lock.unlock();
    });
    return free;
}

/// Runs `body(0)` to `body(count - 1)` on as many threads, let go together, and waits for them all. The first
/// exception that leaves one of them is thrown here.
template <class Body>
void run_together(std::size_t count, Body body) {
    std::barrier<> start(static_cast<std::ptrdiff_t>(count));
    std::mutex mutex;
    std::exception_ptr failure;
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < count; ++i) {
            threads.emplace_back([&, i] {
                start.arrive_and_wait();
                try {
                    body(i);
                } catch (...) {
                    const std::lock_guard hold(mutex);
                    if (!failure) failure = std::current_exception();
                }
            });
        }
    }
    if (failure) std::rethrow_exception(failure);
}

/// A cheap generator of numbers that look random, one a thread: xorshift (Marsaglia 2003).
class Dice {
public:
    explicit Dice(std::size_t seed) : state_(static_cast<std::uint32_t>(seed) * 2654435761U + 1) {}

    /// From 0 to `below - 1`.
    std::uint32_t operator()(std::uint32_t below) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_ % below;
    }

private:
    std::uint32_t state_;
};

/// How often a stress test goes round: fewer times where a sanitizer makes each round slow.
constexpr int rounds(int natural) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    return natural / 10 + 1;
#else
    return natural;
#endif
}

}  // namespace threadwise::testing
