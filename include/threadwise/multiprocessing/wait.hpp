#pragma once

/// \file
/// wait(): until one of several processes has ended, or one of several connections has something to receive (Python:
/// multiprocessing.connection.wait).
///
///     for (const std::size_t ready : multiprocessing::wait({results, worker}, 10s)) ...   // 0: results, 1: worker

#include <cstddef>
#include <initializer_list>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "threadwise/export.hpp"
#include "threadwise/multiprocessing/connection.hpp"
#include "threadwise/multiprocessing/process.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// What wait() can wait for. A Connection and a Process must outlive it.
class Waitable {
public:
    // NOLINTBEGIN(google-explicit-constructor,hicpp-explicit-conversions): stands for any of them in a list
    /// Ready when recv() would not wait, be it that the other end is closed. Throws ValueError if this one is.
    THREADWISE_API Waitable(const Connection& connection);
    /// Ready when it has ended. Throws as sentinel().
    Waitable(const Process& process) : descriptor_(process.sentinel()) {}
    /// A sentinel, or any other descriptor: ready when reading it would not wait, be it that it is at its end or
    /// closed.
    Waitable(int descriptor) noexcept : descriptor_(descriptor) {}
    // NOLINTEND(google-explicit-constructor,hicpp-explicit-conversions)

    int fileno() const noexcept { return descriptor_; }
    bool has_received() const noexcept { return connection_ != nullptr && connection_->has_received(); }

private:
    int descriptor_;
    const Connection* connection_ = nullptr;
};

/// Waits until one of them is ready, and returns the indices of all that are; none if the timeout has passed, or stop
/// was requested. Nothing to wait for is waited for until then. Throws OSError for a descriptor that cannot be
/// waited for, and InterruptedError if interrupt() ends the wait.
///@{
THREADWISE_API std::vector<std::size_t> wait(std::stop_token stop, std::span<const Waitable> objects,
                                             Timeout timeout = forever,
                                             SourceLocation where = SourceLocation::current());
inline std::vector<std::size_t> wait(std::span<const Waitable> objects, Timeout timeout = forever,
                                     SourceLocation where = SourceLocation::current()) {
    return wait({}, objects, timeout, where);
}
inline std::vector<std::size_t> wait(std::initializer_list<Waitable> objects, Timeout timeout = forever,
                                     SourceLocation where = SourceLocation::current()) {
    return wait({}, {objects.begin(), objects.size()}, timeout, where);
}
///@}

}  // namespace threadwise::multiprocessing
