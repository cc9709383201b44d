#pragma once

/// \file
/// What the threads of a process have waited for lately, as values: what `trace::take()` and `ProcessView::recording()`
/// give (trace.hpp says what is recorded, process_view.hpp is for other processes).

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "threadwise/export.hpp"
#include "threadwise/inspect.hpp"

namespace threadwise::trace {

using inspect::Instant;

/// How a wait ended.
enum class Outcome : std::uint8_t {
    woken,
    timed_out,
    interrupted,  ///< by a signal, a stop token, or as a DeadlockError
    still_waits,  ///< it goes on; `end` is when that was seen
};

/// "woken", "timed_out", "interrupted", "still_waits".
THREADWISE_API const char* to_string(Outcome outcome) noexcept;

/// One wait. One that was woken in vain and slept again is several, each of which begins where the one before ends.
struct Wait {
    std::string kind;           ///< what it was for: "Lock", "Queue.get", "Thread.join"
    std::uintptr_t object = 0;  ///< that object's address; 0: there is none
    Instant begin{};
    Instant end{};
    Outcome outcome = Outcome::woken;
    /// The ident of the thread that ended the wait; if none did, of the one that held what it was for, or was joined.
    /// 0: not known.
    std::uint32_t by = 0;
};

/// One thread. Waits of one thread do not overlap.
struct Thread {
    std::string name;  ///< the first 24 bytes, if it has ended
    std::uint32_t ident = 0;
    std::uint64_t native_id = 0;
    std::optional<Instant> began;  ///< none: it has not, or that is no longer kept
    std::optional<Instant> ended;  ///< none: it lives
    std::vector<Wait> waits;       ///< the oldest first
    bool complete = true;          ///< false: it had older waits, which are no longer kept
};

/// What is kept of a process's threads, those that have ended included as far as it is.
struct Recording {
    int pid = 0;
    std::string command;
    Instant taken{};
    std::vector<Thread> threads;
};

/// Writes it as lines of JSON (docs/seeing-threads.md).
THREADWISE_API std::ostream& operator<<(std::ostream& out, const Recording& recording);

}  // namespace threadwise::trace
