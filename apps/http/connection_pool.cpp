#include "http/connection_pool.hpp"

#include <mutex>
#include <utility>

namespace command {

ConnectionPool::ConnectionPool(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back(threadwise::ThreadOptions{.name = "connection"}, [this] { work(); }).start();
    }
}

void ConnectionPool::enqueue(std::function<void()> serve) {
    const std::scoped_lock held(lock_);
    waiting_.push_back(std::move(serve));
    changed_.notify();
}

void ConnectionPool::shutdown() {
    {
        const std::scoped_lock held(lock_);
        closing_ = true;
        changed_.notify_all();
    }
    for (auto& thread : threads_) thread.join();
}

void ConnectionPool::work() {
    std::unique_lock held(lock_);
    while (true) {
        changed_.wait_for([this] { return closing_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const auto serve = std::move(waiting_.front());
        waiting_.pop_front();
        held.unlock();
        serve();
        held.lock();
    }
}

}  // namespace command
