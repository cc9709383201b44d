#pragma once

/// \file
/// Calls of C++ functions that have been made: their references are given up by a thread that is attached.

#include <Python.h>

#include <atomic>

namespace threadwise::python {

struct NativeWork;

/// Thread-safe.
class SpentWork {
public:
    /// Not attached.
    void add(NativeWork& work) noexcept;

    /// Not attached: lets the main thread see to what is here. True: it will; or there is nothing, or somebody has
    /// asked before.
    bool ask_main_thread() noexcept;

    bool empty() const noexcept { return first_.load(std::memory_order_relaxed) == nullptr; }  // relaxed: a hint

    /// Attached.
    void let_go() noexcept {
        if (!empty()) destroy_all();
    }

private:
    void destroy_all() noexcept;

    std::atomic<NativeWork*> first_{nullptr};
    std::atomic<bool> asked_{false};
};

}  // namespace threadwise::python
