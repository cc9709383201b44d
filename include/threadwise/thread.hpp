#pragma once

/// \file
/// Threads: `Thread` starts and joins one, `ThreadHandle` looks at any.
///
/// They behave as the objects of Python's `threading` module (docs.python.org/3/library/threading.html, "Thread
/// objects"): a thread has a name and a daemon flag, is started once, and an exception that escapes it is reported
/// (excepthook.hpp) rather than ending the program. From C++ come the typed arguments, the `std::stop_token`, and that
/// a Thread which goes out of scope joins, as `std::jthread` does.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/general/target.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

namespace runtime {
struct ThreadRecord;
}
struct ThreadState;

/// How a Thread is to be made: Python's keyword arguments.
struct ThreadOptions {
    /// Empty: `Thread-N`, or `Thread-N (function)` where the target is a plain function whose name the program's
    /// symbol table knows (it was not stripped).
    std::string name{};
    /// Whether the process may end while the thread runs. Not given: as the creating thread.
    std::optional<bool> daemon{};
    /// Bytes. 0: what stack_size() says. Otherwise checked as stack_size() does.
    std::size_t stack_size = 0;
};

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

/// A thread of control: a callable with its arguments, run once, concurrently, after start().
///
///     threadwise::Thread reader(read_lines, std::move(file), std::ref(lines));
///     reader.start();
///     ...
///     reader.join();
///
/// Callable and arguments are copied or moved into the thread (pass a reference with std::ref) and destroyed by it as
/// it ends. A callable that takes a `std::stop_token` before its other arguments gets the thread's own.
///
/// A class derived from Thread may override run() instead. As its members must outlive run(), it has to call join() in
/// its own destructor; if it is destroyed while run() is at work the program is ended with a message that says so.
///
/// Starting costs a clone of the OS thread (some 30 us), or about a microsecond where an OS thread can be used again
/// (docs/threads.md).
class THREADWISE_API Thread : public ThreadHandle {
public:
    /// For classes that override run().
    explicit Thread(ThreadOptions options = {});

    /// Throws what copying the arguments throws.
    template <class Callable, class... Args>
        requires detail::Runnable<Callable, Args...>
    explicit Thread(Callable&& callable, Args&&... args)
        : Thread(ThreadOptions{}, std::forward<Callable>(callable), std::forward<Args>(args)...) {}

    /// `Thread({.name = "fetch", .daemon = true}, fetch, url)`. Throws also what stack_size() throws.
    template <class Callable, class... Args>
        requires detail::Runnable<Callable, Args...>
    explicit Thread(ThreadOptions options, Callable&& callable, Args&&... args)
        : Thread(std::move(options),
                 detail::bind_target(std::forward<Callable>(callable), std::forward<Args>(args)...)) {}

    /// The running callable does not notice. A class with its own run() must not be moved between start() and the
    /// end of run(): the program is ended with a message.
    Thread(Thread&& other) noexcept;
    /// As the destructor does, then takes over the other.
    Thread& operator=(Thread&& other) noexcept;

    /// Of a thread that was started and is not a daemon: requests stop and joins. A daemon goes on without it, and
    /// so does a thread that destroys its own Thread.
    virtual ~Thread();

    /// Begins to run it. Throws RuntimeError if it was started before ("threads can only be started once"), or if
    /// the system has no thread to give ("can't start new thread"), in which case start() may be called again
    /// later.
    void start();

    /// Asks the thread to end; it is told by its `std::stop_token`. False if stop was requested before.
    bool request_stop();
    std::stop_token get_stop_token() const;

protected:
    /// What the thread does: calls the callable, if there is one, with its arguments. Called once, by the thread.
    virtual void run();

    /// For Timer.
    Thread(ThreadOptions options, std::unique_ptr<detail::Target> target);

private:
    ThreadState& state() const;
    void release() noexcept;
    friend struct ThreadState;
};

/// The calling thread. A thread that threadwise did not start is given a name `Dummy-N` when it first asks, and is a
/// daemon: the process does not wait for it.
THREADWISE_API ThreadHandle current_thread();

/// The thread that the process began with.
THREADWISE_API ThreadHandle main_thread();

/// current_thread() == main_thread(), without the handles: their counts are shared by all who ask, this is a few loads.
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
