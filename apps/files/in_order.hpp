#pragma once
// Work done on several threads, its results taken in order.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

#include "threadwise/event.hpp"
#include "threadwise/thread.hpp"

namespace command {

/// Calls `work(i)` for each i below `count` on `jobs` threads, and `use(i, result)` on the calling thread, in order and
/// as soon as the result and those before it are there. `work` must not throw.
template <class Work, class Use>
void in_order(std::size_t count, std::size_t jobs, Work work, Use use) {
    std::vector<std::invoke_result_t<Work&, std::size_t>> results(count);
    std::vector<threadwise::Event> ready(count);
    std::atomic<std::size_t> next = 0;
    std::vector<threadwise::Thread> workers;
    for (std::size_t job = 0; job < std::min(jobs, count); ++job) {
        workers.emplace_back(threadwise::ThreadOptions{.name = "worker"}, [&] {
            for (std::size_t i = next++; i < count; i = next++) {
                results[i] = work(i);
                ready[i].set();
            }
        });
        workers.back().start();
    }
    for (std::size_t i = 0; i < count; ++i) {
        ready[i].wait();
        use(i, std::move(results[i]));
    }
}

}  // namespace command
