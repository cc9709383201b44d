#pragma once
// OS threads that have nothing to do wait for a moment, in case another Thread is started: to wake one costs a
// microsecond, to make one some thirty.
//
// Nothing is restored. An OS thread is used again only if nothing that ran on it can be noticed any more
// (platform::is_as_new()), and only for a starter that a new thread would inherit just the same from. Otherwise
// it ends, which destroys everything as the standard says.

#include <cstddef>

#include "platform/thread_reuse.hpp"
#include "runtime/records/parker.hpp"
#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// Whether OS threads are used again; true at first. Returns what it was.
bool allow_recycling(bool allowed) noexcept;

/// One OS thread, which runs Threads one after another. Lives on its stack.
class RecyclableThread {
public:
    /// As the OS thread begins, before anything of the user's has run on it.
    explicit RecyclableThread(std::size_t stack_size) noexcept
        : stack_size_(stack_size), beginning_(platform::beginning_of_this_thread()) {}

    /// The record's thread has done its work. True: it has ended, as its joiners see it, and the OS thread is on offer;
    /// await_next() is to be called. False: the OS thread has to end for that.
    bool end_and_offer(ThreadRecord& record) noexcept;

    /// What to run next; null: nothing came, the OS thread is to end.
    ThreadRecord* await_next() noexcept;

private:
    friend bool start_recycled(ThreadRecord& record, std::size_t stack_size);
    friend struct Recycler;
    bool withdraw() noexcept;

    std::size_t stack_size_;
    platform::Beginning beginning_;
    platform::Inheritance inheritance_;
    ThreadRecord* next_ = nullptr;  ///< written before the parker is notified
    Parker parker_;
    // On offer: its neighbours. Guarded by the recycler's lock.
    bool on_offer_ = false;
    RecyclableThread* earlier_ = nullptr;
    RecyclableThread* later_ = nullptr;
};

/// Runs the record's thread on an OS thread on offer that suits the caller; false if there is none.
bool start_recycled(ThreadRecord& record, std::size_t stack_size);

}  // namespace threadwise::runtime
