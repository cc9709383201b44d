#pragma once
// What several tasks of one piece of work have thrown.

#include <atomic>
#include <exception>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// The exceptions that were kept, and whether the rest of the work is cancelled. Any thread may call any function, but
/// for rethrow() and the destructor: those come when all tasks have ended.
class THREADWISE_API Failures {
public:
    Failures() = default;
    Failures(const Failures&) = delete;
    Failures& operator=(const Failures&) = delete;
    ~Failures() {
        if (first_.load(std::memory_order_acquire) != nullptr) [[unlikely]]  // acquire: pairs with fail()
            drop_all();
    }

    bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }  // relaxed: a hint
    void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }

    /// Cancels, and keeps the exception.
    void fail(std::exception_ptr exception) noexcept;
    /// Cancels, and keeps an InterruptedError that says why, unless one is kept: interrupts do not add up.
    void interrupt(const char* why) noexcept;
    /// Cancels, and keeps a CancelledError that says why, unless one of these is kept: so do dropped tasks.
    void drop(const char* why) noexcept;
    /// If anything was kept: throws it, several as an ExceptionGroup, and starts anew.
    void rethrow() {
        // acquire: see what failed; the wait for the tasks orders it in fact.
        if (first_.load(std::memory_order_acquire) != nullptr) [[unlikely]]
            throw_all();
    }

private:
    struct Failure;

    void report_lost(const std::exception_ptr& exception);
    [[noreturn]] void throw_all();
    void drop_all() noexcept;

    std::atomic<Failure*> first_{nullptr};  ///< newest first
    std::atomic<bool> cancelled_{false};
    std::atomic<bool> interrupted_{false};  ///< interrupt() was called since the last rethrow()
    std::atomic<bool> dropped_{false};      ///< drop() was
};

}  // namespace threadwise::detail
