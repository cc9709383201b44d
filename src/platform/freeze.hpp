#pragma once
// Stopping threads for good wherever they are, when the process is about to destroy what they use.
//
// A thread that comes to the door is held there. One that computes and never comes is sent a signal whose handler does
// not return. It must not stop while it holds a lock of malloc, stdio, the loader or threadwise itself, as those are
// needed until the very end. So a thread that is found in the system's libraries goes on, but its return from them is
// diverted: to where it stops. docs/decisions/0001-ending-daemons.md has the reasons.

#include <atomic>
#include <cstdint>

namespace threadwise::platform {

/// What a thread that may be stopped and the thread that stops it know of each other.
struct Stopping {
    std::atomic<bool> stopped{false};  ///< does nothing any more
    std::atomic<bool> asked{false};    ///< and has not answered yet
    /// Its last answer: it waits for another thread, inside of a system library.
    std::atomic<bool> waits{false};
    /// The file that it was writing to when it was stopped, or -1.
    std::atomic<int> wrote_to{-1};
};

/// The calling thread may be stopped from now on. Null: it may not.
void let_freeze(Stopping* thread) noexcept;

/// Once, before the first ask_to_freeze(). False if this platform or program has no way: the allocator and the program
/// cannot be told apart by address.
bool prepare_to_freeze();

/// Asks, unless the thread has yet to answer; to be repeated. Threads that wait inside of a system library are not
/// stopped unless `even_waiting`: what they wait for may be about to come.
void ask_to_freeze(std::uint64_t native_id, Stopping& thread, bool even_waiting) noexcept;

}  // namespace threadwise::platform
