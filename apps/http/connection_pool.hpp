#pragma once
// The threads that serve connections.

#include <httplib.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "threadwise/condition.hpp"
#include "threadwise/lock.hpp"
#include "threadwise/thread.hpp"

namespace command {

/// Runs cpp-httplib's connections on the library's threads.
class ConnectionPool : public httplib::TaskQueue {
public:
    explicit ConnectionPool(std::size_t threads);

    void enqueue(std::function<void()> serve) override;

    /// Returns when everything that was enqueued has run.
    void shutdown() override;

private:
    void work();

    threadwise::Lock lock_;
    threadwise::Condition changed_{lock_};
    std::deque<std::function<void()>> waiting_;
    bool closing_ = false;
    std::vector<threadwise::Thread> threads_;
};

}  // namespace command
