#pragma once
// A thread's own values of the Locals.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace threadwise::runtime {

struct ThreadRecord;

/// Which Local: its place in every thread's table, and a number that no other Local ever has. Places are used again,
/// so a value counts only if it bears the number.
struct LocalKey {
    std::size_t slot = 0;
    std::uint64_t number = 0;
};

struct LocalValue {
    std::uint64_t number = 0;  ///< 0: none
    void* value = nullptr;
    void (*destroy)(void*) = nullptr;
};

/// The table of one thread. The thread reads it without a lock: others only change it to take out the value of a Local
/// that is being destroyed, which nobody may be using then. All changes are made under a common lock.
using LocalValues = std::vector<LocalValue>;

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

/// The calling thread ends: destroys its values, also those that their destructors make anew.
void erase_local_values(ThreadRecord& record) noexcept;

}  // namespace threadwise::runtime
