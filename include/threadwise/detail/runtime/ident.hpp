#pragma once
// The calling thread's ident where an inlined fast path can read it in one load.

#include <cstdint>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// An ident fits into these bits. A word that says which thread has it holds the ident there, 0 for none; its other
/// bits are its primitive's own.
inline constexpr std::uint32_t owner_mask = (1U << 30) - 1;

/// Where locks are followed (src/runtime/records/followed_locks.hpp), a free lock bears this bit, and others that say
/// which lock it is, where it has its holder's ident otherwise. A lock that is new there has 0.
inline constexpr std::uint32_t lock_id_bit = 1U << 31;

/// 0 until the thread has touched the library. initial-exec: the library is never loaded so late that its four bytes
/// of static thread storage are not to be had, and a general-dynamic access would call a function.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local THREADWISE_API std::uint32_t this_ident;

/// What an inlined fast path takes a lock with: the thread's ident; or 0, with which it takes none and goes the slow
/// way. 0 until the thread has touched the library, and for good where locks are followed
/// (src/runtime/records/followed_locks.hpp). initial-exec: as above.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local THREADWISE_API std::uint32_t taking_ident;

}  // namespace threadwise::detail
