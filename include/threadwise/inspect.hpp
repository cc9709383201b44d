#pragma once

/// \file
/// What every thread is doing, as values: which run, which wait, for what, since when, where, and because of which.
/// `dump()` prints the same.
///
///     const threadwise::inspect::Snapshot now = threadwise::inspect::snapshot();
///     for (const auto& cycle : threadwise::inspect::wait_cycles(now)) report(cycle);
///
/// How to read it: docs/seeing-threads.md. Python has `threading.enumerate`, which says which threads there are.

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "threadwise/export.hpp"

namespace threadwise::inspect {

/// A moment on the monotonic clock, which all processes of a machine share.
using Instant = std::chrono::steady_clock::time_point;

/// A place in a program's source; line 0: none is known.
struct Place {
    std::string file;
    std::string function;
    std::uint32_t line = 0;

    friend bool operator==(const Place&, const Place&) = default;
};

/// One wait of a thread.
struct Wait {
    std::string kind;           ///< what it waits for: "Lock", "Queue.get", "Thread.join"
    std::uintptr_t object = 0;  ///< that object's address; 0: there is none, as for a sleep
    bool notified = false;      ///< a condition's wait that only has to take its lock again
    /// The idents of the threads that each have to do something before the wait can end: the holder of a lock, the
    /// thread that is joined. Empty where nobody in particular has to. Such a thread may have ended.
    std::vector<std::uint32_t> owners;
    /// Where a thread of another process holds the object: the kernel's numbers of both. 0: none does, or the process
    /// is not known, as the thread has ended.
    ///@{
    std::uint64_t process = 0;
    std::uint64_t thread_there = 0;
    ///@}
    bool held = false;  ///< the owners hold the object; false: they end the wait by what they do, as a joined thread
    Instant since{};
    std::optional<Instant> deadline;  ///< until when; none: for ever
    Place where;                      ///< the call that waits
};

/// How far a thread has come.
enum class State : std::uint8_t {
    starts,  ///< it has not got as far as its target
    runs,    ///< it does not wait in threadwise; it may wait in something else, such as a read from a socket
    waits,
    has_ended,
};

/// One thread.
struct ThreadInfo {
    std::string name;
    std::uint32_t ident = 0;      ///< as ident() and get_ident() give it
    std::uint64_t native_id = 0;  ///< the kernel's number; 0 while it has none
    bool daemon = false;
    State state = State::runs;
    Wait wait;  ///< meaningful in State::waits alone
};

/// All threads of a process.
struct Snapshot {
    Instant taken{};                  ///< when it was complete
    std::vector<ThreadInfo> threads;  ///< the main thread first, then in the order in which they became known
    /// False: the holders of locks are those of the moment when the waiter fell asleep, see process_view.hpp.
    bool holders_are_current = true;
};

/// Looks at each thread that threadwise knows: those it started, the main thread, and others that have used the
/// library.
///
/// May be called at any moment and from any thread, while others start, end and wait; not from a signal handler. Stops
/// nobody: what it says of one thread was true at one moment, but two threads may have been looked at at different
/// ones. Costs some microseconds a thread. Throws std::bad_alloc.
THREADWISE_API Snapshot snapshot();

/// The circles in which each thread waits for the next, and the last for the first: the idents, the least one first.
/// No thread is in two of those returned. All waits of a circle were true at one moment, if the holders are current. It
/// may come apart by itself: where one of its waits has a deadline, where a `Lock` is released by a thread that does
/// not hold it, or where a lock across processes is one of them.
THREADWISE_API std::vector<std::vector<std::uint32_t>> wait_cycles(const Snapshot& snapshot);

/// Writes a line for each thread, as `dump()` does.
THREADWISE_API std::ostream& operator<<(std::ostream& out, const Snapshot& snapshot);

}  // namespace threadwise::inspect
