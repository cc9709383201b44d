#pragma once
// The workers of a pool, by number.

#include <atomic>
#include <cstddef>
#include <memory>

#include "threadwise/detail/futures/worker.hpp"

namespace threadwise::detail {

/// Workers are added, under a lock of the caller's, and never removed. Any thread may look at them.
class WorkerTable {
public:
    explicit WorkerTable(std::size_t capacity)
        : capacity_(capacity), workers_(std::make_unique<std::atomic<Worker*>[]>(capacity)) {}

    std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }  // acquire: pairs with add()
    bool is_full() const noexcept { return size() == capacity_; }

    /// acquire: pairs with add(), for a thread that has the index from elsewhere than size().
    Worker& operator[](std::size_t index) const noexcept { return *workers_[index].load(std::memory_order_acquire); }

    /// release: a thread that sees the worker, or the size, sees it made.
    void add(Worker& worker) noexcept {
        const std::size_t index = size();
        workers_[index].store(&worker, std::memory_order_release);
        size_.store(index + 1, std::memory_order_release);
    }

private:
    const std::size_t capacity_;
    std::atomic<std::size_t> size_{0};
    const std::unique_ptr<std::atomic<Worker*>[]> workers_;
};

}  // namespace threadwise::detail
