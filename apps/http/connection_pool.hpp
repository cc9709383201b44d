#pragma once
// The threads that serve connections.

#include <httplib.h>

#include <cstddef>
#include <functional>
#include <utility>

#include "threadwise/thread_pool_executor.hpp"

namespace command {

/// Runs cpp-httplib's connections on the library's threads.
class ConnectionPool : public httplib::TaskQueue {
public:
    explicit ConnectionPool(std::size_t threads)
        : executor_({.max_workers = static_cast<int>(threads), .thread_name_prefix = "connection"}) {}

    void enqueue(std::function<void()> serve) override { executor_.fire_and_forget(std::move(serve)); }

    /// Returns when everything that was enqueued has run.
    void shutdown() override { executor_.shutdown(); }

private:
    threadwise::ThreadPoolExecutor executor_;
};

}  // namespace command
