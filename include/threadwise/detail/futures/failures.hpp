#pragma once
// Collects the exceptions of the tasks of a group.

#include <atomic>
#include <exception>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// The exceptions that were kept, and whether the rest of the work is cancelled. Any thread may call any function,
/// except rethrow() and the destructor, which must be called once all tasks have ended.
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
    /// Cancels, and keeps an InterruptedError that says why, unless interrupt() has kept one already.
    void interrupt(const char* why) noexcept;
    /// Cancels, and keeps a CancelledError that says why, unless drop() has kept one already.
    void drop(const char* why) noexcept;
    /// If exceptions were kept, throws them, several as an ExceptionGroup, and resets the object.
    void rethrow() {
        // acquire: pairs with fail(). The wait for the tasks orders it anyway.
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
