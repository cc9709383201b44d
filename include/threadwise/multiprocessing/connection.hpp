#pragma once

/// \file
/// `Pipe()` makes two connected `Connection`s, by which two processes send values to each other (Python:
/// multiprocessing.Pipe).
///
///     auto [ours, theirs] = multiprocessing::Pipe();
///     multiprocessing::Process worker(answer, theirs);     // void answer(multiprocessing::Connection)
///     worker.start();
///     theirs.close();                                      // so that the end of the worker is noticed
///     ours.send(std::string("question"));
///     const int answer = ours.recv<int>();
///
/// What can be sent is what can be an argument of a Process, but nothing that lies in shared memory: that is passed as
/// a process is started. recv() has to ask for the type that was sent.
///
/// **When the other process ends**, in whatever way, recv() gives what was sent before and then throws EOFError, and
/// send() throws BrokenPipeError. That is noticed when the last descriptor of that end is closed: a process that keeps
/// the end which it has passed on never hears of it.

#include <chrono>
#include <cstddef>
#include <span>
#include <stop_token>
#include <string>
#include <utility>

#include "threadwise/detail/multiprocessing/processes/pack_value.hpp"
#include "threadwise/export.hpp"
#include "threadwise/multiprocessing/errors.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// One of two connected ends; can be moved. One thread at a time sends, and one receives; both may be the same.
class THREADWISE_API Connection {
public:
    /// The end behind a descriptor that another Connection had from fileno(), there or in another process. The
    /// descriptor stays the caller's. Throws OSError if it is none.
    static Connection attach(int descriptor);
    /// The same, but the descriptor becomes the Connection's.
    static Connection adopt(int descriptor) noexcept;

    ~Connection();
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&& other) noexcept;

    /// Sends a copy of the value. Waits while the other end does not receive what has been sent before: some hundred
    /// thousand bytes. Throws BrokenPipeError if the other end is closed, InterruptedError if interrupt() ends the
    /// wait; if a part of the value was on its way by then, the connection is closed, too.
    template <class T>
    void send(const T& value, SourceLocation where = SourceLocation::current()) {
        const std::string bytes = detail::pack_value(value);
        send_bytes(std::as_bytes(std::span(bytes)), where);
    }

    /// Waits for the next value. Throws EOFError if there is none and the other end is closed, InterruptedError if
    /// interrupt() ends the wait, and RuntimeError if something shorter was sent.
    template <class T>
    T recv(SourceLocation where = SourceLocation::current()) {
        const std::string bytes = recv_bytes(where);
        return detail::unpack_value<T>(std::as_bytes(std::span(bytes)));
    }

    /// Bytes as they are: what one send_bytes() sends one recv_bytes() receives.
    ///@{
    void send_bytes(std::span<const std::byte> bytes, SourceLocation where = SourceLocation::current());
    std::string recv_bytes(SourceLocation where = SourceLocation::current());
    ///@}

    /// Whether there is something to receive, be it that the other end is closed; waits for that for so long.
    bool poll(Timeout timeout = std::chrono::seconds(0), SourceLocation where = SourceLocation::current()) {
        return poll({}, timeout, where);
    }
    /// The same; false, too, once stop is requested.
    bool poll(std::stop_token stop, Timeout timeout, SourceLocation where = SourceLocation::current());

    /// Ready to read when poll() is true. -1 after close().
    int fileno() const noexcept { return descriptor_; }
    bool closed() const noexcept { return descriptor_ < 0; }
    /// All other functions throw ValueError from now on.
    void close() noexcept;

    /// For wait(): whether something was received that recv() has not returned yet.
    bool has_received() const noexcept { return !received_.empty(); }
    /// For executors: the end of the process with that descriptor counts as the end of the connection, even if yet
    /// another process has the other end, too.
    void watch(int process) noexcept { process_ = process; }
    /// For executors: as recv_bytes(); false once the timeout has passed.
    bool recv_bytes_within(std::string& bytes, Timeout timeout, SourceLocation where = SourceLocation::current());

private:
    explicit Connection(int descriptor) noexcept : descriptor_(descriptor) {}
    int expect_open() const;
    bool take_message(std::string& bytes);

    int descriptor_;
    int process_ = -1;
    std::string received_;  ///< the beginning of the next messages
};

/// Two connected ends. Throws OSError if the system gives none.
THREADWISE_API std::pair<Connection, Connection> Pipe();

}  // namespace threadwise::multiprocessing
