#pragma once
// The slow path of the locks in shared memory: waiting for a RobustWord.

#include <stop_token>

#include "runtime/waiting/door.hpp"
#include "threadwise/detail/multiprocessing/synchronization/robust_word.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::multiprocessing {

/// The wait site of a wait that a thread of another process can end.
runtime::WaitSite site_of(runtime::WaitKind kind, const void* object, SourceLocation where,
                          platform::Instant deadline = platform::never) noexcept;

/// A word is in doubt when it is free, but its last holder died: what it guards may be half changed. What to do then:
enum class Doubt : std::uint8_t {
    refuse,  ///< throw OwnerDiedError
    keep,    ///< take it; it stays in doubt for the next one that takes it
    end,     ///< take it; the caller mends what it guards
};

/// How the wait for a word ended.
struct Acquired {
    runtime::Wakeup wakeup = runtime::Wakeup::woken;  ///< `woken`: it is held
    bool was_in_doubt = false;
};

/// Waits for the word in a wait that has begun.
Acquired acquire(detail::RobustWord& word, runtime::Waiting& waiting, Doubt doubt);

/// Waits for the word from the start: true once it is held, false when the deadline has passed or stop is requested.
bool acquire(detail::RobustWord& word, const runtime::WaitSite& site, const std::stop_token& stop = {});

/// Waits for the word, whatever became of its last holder; true: the holder had died, the doubt has ended.
bool recover(detail::RobustWord& word, const runtime::WaitSite& site);

/// Throws OwnerDiedError.
[[noreturn]] void refuse_doubt();

}  // namespace threadwise::multiprocessing
