/// CPython's global interpreter lock (3.2 and later, A. Pitrou's "new GIL") on our own primitives: what the algorithm
/// alone accounts for of CPython's figures.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "threadwise/condition.hpp"
#include "threadwise/lock.hpp"

namespace bench {

class CPythonGil {
public:
    void acquire() {
        const std::lock_guard hold(mutex_);
        take();
    }

    void release() {
        const std::lock_guard hold(mutex_);
        drop();
    }

    void checkpoint() {
        if (drop_request_.load(std::memory_order_relaxed)) make_way();
    }

    /// As the C API's Py_BEGIN_ALLOW_THREADS.
    class AllowThreads {
    public:
        explicit AllowThreads(CPythonGil& gil) : gil_(gil) { gil_.release(); }
        ~AllowThreads() { gil_.acquire(); }
        AllowThreads(const AllowThreads&) = delete;
        AllowThreads& operator=(const AllowThreads&) = delete;

    private:
        CPythonGil& gil_;
    };
    AllowThreads allow_threads() { return AllowThreads(*this); }

private:
    // With the mutex held:

    void take() {
        while (locked_) {
            const std::uint64_t before = switches_;
            const bool in_time = free_.wait_for([this] { return !locked_; }, std::chrono::milliseconds(5));
            if (!in_time && locked_ && switches_ == before) drop_request_ = true;
        }
        locked_ = true;
        ++switches_;
        drop_request_ = false;
        taken_.notify_all();
    }

    void drop() {
        locked_ = false;
        free_.notify();
    }

    void make_way() {
        const std::lock_guard hold(mutex_);
        const std::uint64_t before = switches_;
        drop();
        // Forced switching: not before another has taken it.
        taken_.wait_for([&] { return switches_ != before; });
        take();
    }

    threadwise::Lock mutex_;
    threadwise::Condition free_{mutex_};
    threadwise::Condition taken_{mutex_};
    std::atomic<bool> drop_request_{false};
    bool locked_ = false;
    std::uint64_t switches_ = 0;
};

}  // namespace bench
