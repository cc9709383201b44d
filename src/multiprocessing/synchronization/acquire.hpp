#pragma once
// The slow path of whatever waits for a RobustWord.

#include <stop_token>

#include "runtime/waiting/door.hpp"
#include "threadwise/detail/multiprocessing/synchronization/robust_word.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::multiprocessing {

/// What is waited for, as it is written down.
runtime::WaitSite site_of(runtime::WaitKind kind, const void* object, SourceLocation where,
                          platform::Instant deadline = platform::never) noexcept;

/// What to do with a word that is free, but whose last holder died.
enum class Doubt : std::uint8_t {
    refuse,  ///< throw OwnerDiedError
    keep,    ///< take it; the next one is to hear of it, too
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
