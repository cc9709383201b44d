#pragma once
// A thread's table of its own values of the Locals.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "platform/internal_lock.hpp"

namespace threadwise::runtime {

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
/// that is being destroyed, which nobody may be using then. All changes are made under local_tables_lock().
using LocalEntries = std::vector<LocalValue>;

/// Never destroyed: Locals may be static objects, destroyed in whatever order.
platform::InternalLock& local_tables_lock() noexcept;

/// Takes the value of that Local out of the table, if there is one.
LocalValue take(LocalEntries& values, LocalKey key) noexcept THREADWISE_REQUIRES(local_tables_lock());

/// Without the lock: the value's destructor is a user's.
void destroy(const LocalValue& value) noexcept;

/// Destroys all values of the calling thread, whose table that is, also those that their destructors make anew; but
/// what they make again and again is left, as POSIX does with thread-specific data.
void erase_all(LocalEntries& values) noexcept;

}  // namespace threadwise::runtime
