#pragma once

/// \file
/// Calls of C++ functions that have been made, kept until an attached thread can drop their references.

#include <Python.h>

#include <atomic>

namespace threadwise::python {

struct NativeWork;

/// Thread-safe.
class SpentWork {
public:
    /// For detached threads.
    void add(NativeWork& work) noexcept;

    /// For detached threads: asks the main thread to destroy what is here. True: it will; or there is nothing, or it
    /// was asked before.
    bool ask_main_thread() noexcept;

    bool empty() const noexcept { return first_.load(std::memory_order_relaxed) == nullptr; }  // relaxed: a hint

    /// For attached threads: destroys what is here.
    void destroy_any() noexcept {
        if (!empty()) destroy_all();
    }

private:
    void destroy_all() noexcept;

    std::atomic<NativeWork*> first_{nullptr};
    std::atomic<bool> asked_{false};
};

}  // namespace threadwise::python
