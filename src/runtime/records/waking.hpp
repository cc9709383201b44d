#pragma once
// Waking those that sleep on an address. Why none is missed: see waiting/door.hpp.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "runtime/base/function_ref.hpp"
#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// What a waker may know of the sleeper that it is about to wake, under the bucket's lock.
struct Sleeper {
    ThreadRecord* record;  ///< null: nobody sleeps on that address
    bool more;             ///< whether others sleep there besides
};

/// Wakes the one that has slept on `address` for longest. `decide` runs under the bucket's lock, also when nobody
/// sleeps there: it brings the primitive's word up to date and returns what to say to the sleeper (its token), or
/// nothing to wake nobody. Returns whether somebody was woken.
bool unpark_one(const void* address, FunctionRef<std::optional<std::uint32_t>(Sleeper)> decide);

/// Wakes the first `count` that sleep on `address`; returns how many there were. Their tokens are 0. `first` is told
/// how many, under the bucket's lock before any of them wakes.
std::size_t unpark(const void* address, std::size_t count, FunctionRef<void(std::size_t)> first);

/// Wakes the first of those that sleep on `address`, with that token: as many as `decide` says, which is told how many
/// of the first `count` there are, and whether others sleep there besides. It runs under the bucket's lock, and not if
/// nobody sleeps there.
void unpark_some(const void* address, std::size_t count, std::uint32_t token,
                 FunctionRef<std::size_t(std::size_t found, bool more)> decide);

/// The same as unpark(), for callers that need not be told how many.
inline std::size_t unpark(const void* address, std::size_t count, FunctionRef<void()> first) {
    return unpark(address, count, [first](std::size_t) { first(); });
}

inline std::size_t unpark_all(const void* address) {
    return unpark(address, SIZE_MAX, [] {});
}

/// Moves up to `count` sleepers from one address to another without waking them: they will wake one after another, as
/// the lock at `to` is handed on. Returns how many were moved. The caller must hold that lock.
std::size_t requeue(const void* from, const void* to, std::size_t count);

}  // namespace threadwise::runtime
