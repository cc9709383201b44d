#pragma once
// A loop that the calling thread runs together with the workers of a pool that it does not belong to.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <limits>
#include <optional>
#include <stop_token>
#include <tuple>
#include <utility>

#include "threadwise/detail/pool/crew.hpp"
#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/thread_pool_executor.hpp"

namespace threadwise::detail {

/// What a step of the loops with these blocks has lately taken, in nanoseconds; at first more than any loop takes.
template <class Blocks>
inline std::atomic<float> step_cost{std::numeric_limits<float>::infinity()};

template <class Blocks>
void remember_step_cost(std::chrono::steady_clock::time_point start, std::size_t steps) noexcept {
    const std::chrono::duration<float, std::nano> spent = std::chrono::steady_clock::now() - start;
    // relaxed: a hint.
    step_cost<Blocks>.store(spent.count() / static_cast<float>(steps), std::memory_order_relaxed);
}

/// `blocks(first, end)` makes the steps from `first` up to `end`. They are claimed by as many as leave each thread
/// several more claims to make, so that uneven steps even out.
template <class Blocks>
class SharedLoop {
public:
    SharedLoop(std::size_t first, std::size_t last, Blocks& blocks) noexcept
        : next_(first), last_(last), blocks_(blocks) {}
    SharedLoop(const SharedLoop&) = delete;
    SharedLoop& operator=(const SharedLoop&) = delete;
    ~SharedLoop() {
        if (crew_ == nullptr) return;
        // On the way out with pthread_exit() the helpers are to be gone as well.
        crew_->close({});
        crew_->drop_owner();
    }

    /// False: nothing was done, the pool has to run the loop by itself.
    bool run(ThreadPoolExecutor& executor, const std::stop_token& stop) {
        // relaxed: no other thread knows the loop yet.
        crew_ = Crew::make(executor, &help, this, last_ - next_.load(std::memory_order_relaxed) - 1);
        if (crew_ == nullptr) return false;
        {
            const auto cancel = [this]() noexcept { crew_->stop(); };
            std::optional<std::stop_callback<decltype(cancel)>> on_stop;
            if (stop.stop_possible()) on_stop.emplace(stop, cancel);
            crew_->call_helper();
            const auto start = std::chrono::steady_clock::now();
            if (const std::size_t made = work(); made > 0) remember_step_cost<Blocks>(start, made);
            crew_->close(SourceLocation::current());
        }
        crew_->rethrow();
        return true;
    }

private:
    static void help(void* loop) {
        auto& self = *static_cast<SharedLoop*>(loop);
        // relaxed: a hint.
        if (self.next_.load(std::memory_order_relaxed) < self.last_) self.crew_->call_helper();
        self.work();
    }

    /// Returns how many steps it has made.
    std::size_t work() {
        std::size_t made = 0;
        call_user_code(
            [&] {
                for (auto [first, end] = claim(); first != end; std::tie(first, end) = claim()) {
                    while (first != end && !crew_->cancelled()) {
                        const std::size_t pause = std::min(end, first + largest_piece);
                        blocks_(first, pause);
                        made += pause - first;
                        first = pause;
                    }
                }
            },
            [this](std::exception_ptr failure) { crew_->fail(std::move(failure)); });
        return made;
    }

    std::pair<std::size_t, std::size_t> claim() noexcept {
        const std::size_t shares = 4 * crew_->threads();
        std::size_t first = next_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        for (;;) {
            if (first >= last_ || crew_->cancelled()) return {last_, last_};
            const std::size_t end = first + std::max<std::size_t>((last_ - first) / shares, 1);
            // relaxed: each index is claimed once; the elements were published by the queue, and are by close().
            if (next_.compare_exchange_weak(first, end, std::memory_order_relaxed)) return {first, end};
        }
    }

    std::atomic<std::size_t> next_;
    const std::size_t last_;
    Blocks& blocks_;
    Crew* crew_ = nullptr;
};

/// Runs steps here while the loop seems not to be worth waking a worker. Returns how many it has run: all, or it has
/// taken longer than it was thought to.
template <class Blocks>
std::size_t run_while_cheap(std::size_t size, Blocks& blocks) {
    constexpr float cheap = 10'000;  // nanoseconds
    // relaxed: a hint.
    if (!(step_cost<Blocks>.load(std::memory_order_relaxed) * static_cast<float>(size) < cheap)) return 0;
    const auto start = std::chrono::steady_clock::now();
    std::size_t next = 0;
    for (std::size_t piece = 64; next < size; piece *= 2) {
        const std::size_t end = std::min(size, next + piece);
        blocks(next, end);
        next = end;
        remember_step_cost<Blocks>(start, next);
        if (std::chrono::steady_clock::now() - start > std::chrono::microseconds(20)) break;
    }
    return next;
}

/// On a thread from outside of the pool. False: the pool has to run the loop from `next` on by itself.
template <class Blocks>
bool run_from_outside(ThreadPoolExecutor& executor, std::size_t& next, std::size_t size, Blocks& blocks,
                      const std::stop_token& stop) {
    if (!lets_callers_help(executor)) return false;
    if (size == 0) return true;
    next = run_while_cheap(size, blocks);
    return next == size || SharedLoop<Blocks>(next, size, blocks).run(executor, stop);
}

}  // namespace threadwise::detail
