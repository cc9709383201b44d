#pragma once

/// \file
/// Looking at threads: `ThreadHandle` views any of them. Python: docs.python.org/3/library/threading.html.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

namespace runtime {
struct ThreadRecord;
}

/// A view of a thread, alive or not: the one that runs, the main thread, one from enumerate(), any Thread. Copies are
/// views of the same thread, and handles are equal when they view the same thread. All functions may be called by any
/// thread; those of a Thread that was moved from throw RuntimeError.
class THREADWISE_API ThreadHandle {
public:
    /// What it is called in dumps, reports and the debugger; names need not be unique.
    std::string name() const;
    /// The new name goes to dumps and reports at once; the OS is told when a thread starts, or renames itself.
    void set_name(std::string name);

    /// A number that is unique among the threads alive; 0 before the thread is started. Cost: a load.
    std::uint32_t ident() const;

    /// The kernel's number, as `top -H`, gdb and /proc show it; 0 before the thread is started. Waits for the moment
    /// that a thread just started needs to begin. With the portable backend a number of the library's own.
    std::uint64_t native_id() const;

    /// Whether the process may end while it runs.
    bool daemon() const;
    /// Before start() only, else RuntimeError.
    void set_daemon(bool daemon);

    /// Whether it was started and has not ended. It ends when its destructors of `thread_local` objects are through,
    /// and on Linux those of pthread's thread-specific data.
    bool is_alive() const;

    /// Waits until the thread has ended; any number of times, by any number of threads. What the thread did happens
    /// before what the caller does next. False: the time was up, or stop was requested.
    /// Throws RuntimeError if the thread was not started or is the calling thread; InterruptedError.
    bool join(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) const;
    bool join(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) const;

    friend bool operator==(const ThreadHandle&, const ThreadHandle&) noexcept = default;

protected:
    explicit ThreadHandle(std::shared_ptr<runtime::ThreadRecord> record) noexcept : record_(std::move(record)) {}
    runtime::ThreadRecord& record() const;
    bool has_record() const noexcept { return record_ != nullptr; }

private:
    friend struct ThreadHandleAccess;
    friend struct std::hash<ThreadHandle>;
    std::shared_ptr<runtime::ThreadRecord> record_;
};

/// The calling thread. A thread that threadwise did not start is given a name `Dummy-N` when it first asks, and is a
/// daemon: the process does not wait for it.
THREADWISE_API ThreadHandle current_thread();

/// The thread that the process began with.
THREADWISE_API ThreadHandle main_thread();

/// current_thread() == main_thread(), without the handles: their counts are shared by all callers, this is a few loads.
THREADWISE_API bool is_main_thread();

/// All threads that are alive and known: those started by a Thread, the main thread, and the foreign ones that have
/// used the library. Oldest first.
THREADWISE_API std::vector<ThreadHandle> enumerate();

/// How many enumerate() would return.
THREADWISE_API std::size_t active_count();

/// The calling thread's ident(). Cost: a load, but for a foreign thread's first call.
THREADWISE_API std::uint32_t get_ident();

/// The calling thread's native_id().
THREADWISE_API std::uint64_t get_native_id();

}  // namespace threadwise

template <>
struct std::hash<threadwise::ThreadHandle> {
    std::size_t operator()(const threadwise::ThreadHandle& thread) const noexcept {
        return std::hash<std::shared_ptr<threadwise::runtime::ThreadRecord>>()(thread.record_);
    }
};
