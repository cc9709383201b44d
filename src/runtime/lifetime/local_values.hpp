#pragma once
// The values that Locals have on each thread.

#include "runtime/records/local_table.hpp"

namespace threadwise::runtime {

LocalKey make_local_key();

/// Destroys the values of all threads; frees the slot. Once the process is ending, the values of other threads are left
/// alone: those may be held in the middle of using them.
void release_local_key(LocalKey key) noexcept;

/// The calling thread's value or null.
void* find_local_value(LocalKey key) noexcept;

/// Gives the calling thread a value, where it has none.
void add_local_value(LocalKey key, void* value, void (*destroy)(void*));

/// Destroys the calling thread's value, if it has one.
void erase_local_value(LocalKey key) noexcept;

}  // namespace threadwise::runtime
