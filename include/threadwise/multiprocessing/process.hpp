#pragma once

/// \file
/// `Process` runs a function of this program in a process of its own, or another program (Python:
/// multiprocessing.Process, subprocess.Popen).
///
///     namespace multiprocessing = threadwise::multiprocessing;
///
///     void crunch(const std::string& path, int level);
///
///     int main() {
///         multiprocessing::freeze_support();      // first: see freeze_support.hpp
///         multiprocessing::Process worker(crunch, "data.bin", 3);
///         worker.start();
///         worker.join();
///         return *worker.exitcode();
///     }
///
/// **What can run.** Functions, static members and instantiations of templates of the program and of the libraries that
/// it is linked with, and lambdas without captures; nothing has to be registered. Not: pointers to members, lambdas
/// with captures (pass what they capture as arguments), functions of libraries that were loaded later (dlopen): the
/// child has not loaded them.
///
/// **Arguments** are copied as bytes, when the Process is made: what cereal knows, which is most of the standard
/// library and every class with a `serialize(archive)`, and trivially copyable structs without pointers. What the
/// compiler cannot pass it refuses. SharedMemory, Shared, Value and Array are passed on: both processes see the same
/// memory. The result of the function is dropped.
///
/// **How it starts.** The program itself is started again (posix_spawn of /proc/self/exe, Python's "spawn"), also if
/// its file has been replaced since: so it is safe among threads, and the child has nothing of this process but the
/// arguments, the environment, the standard streams, and descriptors that are not closed on exec.
///
/// **How it ends.** As a program whose main() has returned: with exit code 0, and with 1 once an exception that left
/// the function has been written to standard error, or pthread_exit() has ended its thread. exit() and signals do what
/// they always do.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "threadwise/detail/multiprocessing/processes/pack_call.hpp"
#include "threadwise/export.hpp"
#include "threadwise/multiprocessing/errors.hpp"
#include "threadwise/multiprocessing/freeze_support.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// Python's keyword arguments.
struct ProcessOptions {
    /// Empty: `Process-N`.
    std::string name{};
    /// The process does not outlive its parent, in whatever way that ends: the kernel tells it. (A Command does outlive
    /// a parent that is killed.) The destructor ends it instead of waiting for it.
    bool daemon = false;
};

/// Another program and its arguments: `Process(Command{{"ls", "-l"}})`. It is searched for as a shell does.
struct Command {
    std::vector<std::string> arguments;
};

/// A process, which is started once. start(), close(), assignment and destruction are for one thread alone; the other
/// functions may be called by all threads at once.
///
/// In a process that was forked from the one that started it, all that waits, asks or ends throws RuntimeError.
class THREADWISE_API Process {
public:
    /// Throws ValueError for a function that lies in no file, and what copying the arguments throws.
    template <class Function, class... Arguments>
        requires(!std::is_same_v<std::decay_t<Function>, ProcessOptions> &&
                 !std::is_same_v<std::decay_t<Function>, Process> && !std::is_same_v<std::decay_t<Function>, Command>)
    explicit Process(const Function& function, const Arguments&... arguments)
        : Process(ProcessOptions{}, function, arguments...) {}

    /// `Process({.name = "crunch", .daemon = true}, crunch, path)`.
    template <class Function, class... Arguments>
        requires(!std::is_same_v<std::decay_t<Function>, Command> &&
                 !std::is_same_v<std::decay_t<Function>, detail::PackedCall>)
    Process(ProcessOptions options, const Function& function, const Arguments&... arguments)
        : Process(std::move(options), detail::pack_call<detail::Results::dropped>(
                                          detail::Passing::bytes_and_descriptors, function, arguments...)) {}

    /// For executors: a call that is packed already.
    Process(ProcessOptions options, detail::PackedCall call);

    /// Throws ValueError for a command without a program.
    explicit Process(Command command) : Process(ProcessOptions{}, std::move(command)) {}
    Process(ProcessOptions options, Command command);

    /// Waits for a process that was started; a daemon it terminates, and kills if that has not helped within 250 ms.
    ~Process();
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;

    /// Throws RuntimeError if it was started before, or if the program has not called freeze_support(), and OSError if
    /// the system has no process to give or there is no such program: then start() may be called again.
    void start();

    /// Waits until the process has ended: true; false: the timeout has passed, or stop was requested. Throws
    /// RuntimeError before start(), InterruptedError if interrupt() ends the wait. Others may have the exit code
    /// before: a process has one as soon as it has ended.
    bool join(Timeout timeout = forever, SourceLocation where = SourceLocation::current()) const;
    bool join(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) const;

    /// Whether it was started and has not ended.
    bool is_alive() const;

    /// Nothing while it runs or before start(); minus the signal that has killed it; 255 if another part of the program
    /// has waited for it (waitpid()), or SIGCHLD is ignored.
    std::optional<int> exitcode() const;

    /// Send SIGTERM, and SIGKILL. Nothing happens if it has ended. Throw RuntimeError before start().
    ///@{
    void terminate() const;
    void kill() const;
    ///@}

    /// Gives back its descriptor. Throws ValueError while it runs. Afterwards only name(), daemon(), pid() and
    /// exitcode() are left; the others throw ValueError.
    void close();

    const std::string& name() const;
    bool daemon() const;
    /// Nothing before start().
    std::optional<int> pid() const;
    /// A descriptor (pidfd) that is ready to read once the process has ended; for poll(). Throws RuntimeError before
    /// start().
    int sentinel() const;

private:
    struct State;

    State& state() const;
    State& started() const;

    std::unique_ptr<State> state_;
};

}  // namespace threadwise::multiprocessing
