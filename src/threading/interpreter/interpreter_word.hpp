#pragma once

/// \file
/// How the slow paths of an InterpreterLock change the words that its fast paths read.
///
/// While threads wait, the lock's word has the `contended` bit, which makes the fast paths fail, and changes only under
/// the guard. There is one exception: a holder that has just seen no waiter may still be about to free the word by a
/// plain store, which clears the bit. The first waiter therefore sets `slow`, forces a full fence on all cores, and
/// then sets the bit: close(). If the holder's store was not performed by then, the holder's second look at `slow`,
/// which follows its store, sees it set, and the holder calls InterpreterTurns::offer_if_free(). Until then the lock
/// may be taken by the fast path once more, but not released by it. So a thread that finds the lock free sets the bit
/// in the same atomic step before relying on it: seize_if_free(). (owner_gate.cpp uses the same protocol.)

#include <atomic>
#include <cstdint>

#include "threading/interpreter/turn_policy.hpp"
#include "threadwise/detail/interpreter/interpreter_words.hpp"

namespace threadwise::detail {

/// All functions but release_uncontended() are called under the guard.
class InterpreterWord {
public:
    /// `measured`: each turn is measured, so that the fast paths are never used.
    InterpreterWord(InterpreterWords& words, bool measured) noexcept;

    /// Where there is no heavy fence: frees the word, which `ident` holds, by compare-and-swap if no thread waits.
    /// False if it has to be freed under the guard.
    bool release_uncontended(std::uint32_t ident) noexcept;

    /// The state of the word before close().
    struct Past {
        bool free;
        bool computing;  ///< the holder was known to compute
    };
    /// Disables the fast paths.
    Past close() noexcept;

    /// Enables the fast paths again unless others wait. To be called last after each change.
    void open_unless(bool others_wait) noexcept;

    /// If the lock is free, makes sure that it can be taken under the guard only, and returns true.
    bool seize_if_free() noexcept;

    /// Makes the thread `ident` the holder, which has not been asked to make way.
    void give_to(std::uint32_t ident, threading::TurnKind kind) noexcept;
    void free() noexcept;
    /// Marks the holder as known to compute.
    void mark_computing() noexcept;

    /// Asks the holder to make way at a safe point.
    void ask() noexcept { asked_.store(1); }
    void ask_no_more() noexcept { asked_.store(0); }

private:
    std::atomic<std::uint32_t>& word_;
    std::atomic<std::uint32_t>& asked_;
    std::atomic<std::uint32_t>& slow_;
    const bool measured_;
    std::uint32_t always_slow_;  ///< the bits of `slow` that stay
};

}  // namespace threadwise::detail
