#pragma once
// Which thread has which card: what other processes see of a thread, from before it starts until it is over.
//
// The cards' file is made as the library is loaded, and again in a forked child. Where the system refuses it there are
// no cards, and no other process can look in; nothing else changes. All of it is guarded by the registry's lock, but
// for show_running(), which the thread itself calls.

#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime::cards {

/// Makes the file.
void open() noexcept;

/// In a forked child, where no card is in use any more: lets go of the parent's file, and makes another.
void reopen() noexcept;

/// Gives a card to a thread that is about to be listed, if there is one left.
void give(ThreadRecord& record) noexcept;

/// Writes onto the thread's card that it has begun to run.
void show_running(ThreadRecord& record) noexcept;

/// Takes the card back, as the thread is no longer listed.
void take_back(ThreadRecord& record) noexcept;

/// In a forked child, whose threads' cards are the parent's: nothing may be written there.
void lose(ThreadRecord& record) noexcept;

}  // namespace threadwise::runtime::cards
