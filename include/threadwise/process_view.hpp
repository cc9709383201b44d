#pragma once

/// \file
/// What the threads of another process are doing.
///
///     for (const int pid : threadwise::inspect::processes()) {
///         std::cout << pid << ":\n" << threadwise::inspect::ProcessView(pid).snapshot();
///     }
///
/// Every process that uses threadwise publishes what its threads wait for in a file that lies in memory alone
/// (docs/seeing-threads.md). It is read without the process's help: no thread of it runs for that, no signal is sent,
/// nothing is stopped or slowed, and it may itself be stopped. A user that may read the process's descriptors may
/// read it: the process's own, and root. Linux only. Python has nothing like it for threads.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "threadwise/errors.hpp"
#include "threadwise/export.hpp"
#include "threadwise/inspect.hpp"
#include "threadwise/recording.hpp"

namespace threadwise::inspect {

/// A process cannot be looked at; what() says why.
class THREADWISE_API ProcessError : public RuntimeError {
public:
    enum class Reason : std::uint8_t {
        no_such_process,
        not_permitted,
        not_published,  ///< it does not use threadwise, or its system refused the file, or it has closed all
                        ///< descriptors
        other_version,  ///< it uses a version of threadwise whose file this one cannot read
        ended,          ///< while it was looked at
    };

    ProcessError(Reason reason, const std::string& what);
    ~ProcessError() override;

    Reason reason() const noexcept { return reason_; }

private:
    Reason reason_;
};

/// The processes of the calling process's user (of all users, for root) that publish what their threads do, by number.
/// Throws std::system_error where the calling process can open no more files, and std::bad_alloc.
THREADWISE_API std::vector<int> processes();

/// One process to be looked at, again and again. Not thread-safe.
class THREADWISE_API ProcessView {
public:
    /// Throws ProcessError; std::system_error where the calling process can open no more files; and std::bad_alloc.
    explicit ProcessView(int pid);
    ~ProcessView();
    ProcessView(ProcessView&& other) noexcept;
    ProcessView& operator=(ProcessView&& other) noexcept;

    int pid() const noexcept;

    /// Its command line, as it was when the view was made.
    const std::string& command() const noexcept;

    /// As inspect::snapshot(), but for this: default names lack the target's; a condition's waits do not say
    /// `notified`; of a longer path its end is known, of a longer name its beginning; a place is known once the thread
    /// sleeps. The holder of a lock is read from the process's memory where that is allowed (as for a debugger); else
    /// it is that of the moment when the waiter fell asleep, and `holders_are_current` is false.
    ///
    /// Costs some 100 µs, and 1 µs a thread. Throws ProcessError, and std::bad_alloc.
    Snapshot snapshot() const;

    /// The last waits of its threads, see trace.hpp. Throws ProcessError, and std::bad_alloc.
    trace::Recording recording() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace threadwise::inspect
