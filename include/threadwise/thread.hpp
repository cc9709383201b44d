#pragma once

/// \file
/// `Thread` starts and joins a thread; thread_handle.hpp looks at any.
///
/// They behave as the objects of Python's `threading` module (docs.python.org/3/library/threading.html, "Thread
/// objects"): a thread has a name and a daemon flag, is started once, and an exception that escapes it is reported
/// (excepthook.hpp) rather than ending the program. From C++ come the typed arguments, the `std::stop_token`, and that
/// a Thread which goes out of scope joins, as `std::jthread` does.

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <typeinfo>
#include <utility>

#include "threadwise/detail/threads/check_call.hpp"
#include "threadwise/detail/threads/target.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/export.hpp"
#include "threadwise/thread_handle.hpp"

namespace threadwise {

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
        requires(!std::is_same_v<std::decay_t<Callable>, ThreadOptions> &&
                 !std::is_base_of_v<Thread, std::decay_t<Callable>>)
    explicit Thread(Callable&& callable, Args&&... args)
        : Thread(ThreadOptions{}, std::forward<Callable>(callable), std::forward<Args>(args)...) {}

    /// `Thread({.name = "fetch", .daemon = true}, fetch, url)`. Throws also what stack_size() throws.
    template <class Callable, class... Args>
    explicit Thread(ThreadOptions options, Callable&& callable, Args&&... args)
        : Thread(std::move(options),
                 detail::checked_target(std::forward<Callable>(callable), std::forward<Args>(args)...)) {}

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

    /// `plain`: the class whose run() is this one, so that it need not be called by the thread.
    Thread(ThreadOptions options, std::unique_ptr<detail::Target> target, const std::type_info& plain = typeid(Thread));

private:
    ThreadState& state() const;
    void release() noexcept;
};

}  // namespace threadwise
