#pragma once

/// \file
/// The words of an InterpreterLock that its fast paths go by, as its slow paths see them.
///
/// While somebody waits, the lock's word has the `contended` bit, which keeps the fast paths away, and changes only
/// under the guard: everything there is as simple as if there were one thread. There is one exception. A holder that
/// saw nobody wait, a moment ago, may still be about to free the word by a plain store, and wipe out the bit. The first
/// to wait therefore raises `slow`, forces a full fence on all cores, and then sets the bit: close(). If the holder's
/// store was not performed by then, the holder's second look at `slow`, which comes after it, sees it raised, and the
/// holder calls InterpreterTurns::offer_if_free(). Until then the lock may be taken by the fast path once more, but not
/// released by it. So a thread that finds the lock free makes sure of the bit in the same step, before relying on it:
/// seize_if_free(). (See owner_gate.cpp, too.)

#include <atomic>
#include <cstdint>

#include "threading/interpreter/turn_policy.hpp"
#include "threadwise/detail/interpreter/interpreter_words.hpp"

namespace threadwise::detail {

/// All under the guard, but for release_uncontended().
class InterpreterWord {
public:
    /// `measured`: the fast paths stay away for good, as each turn is measured.
    InterpreterWord(InterpreterWords& words, bool measured) noexcept;

    /// Where there is no heavy fence, the holder `ident` frees the word by compare-and-swap, while nobody waits: true.
    /// False: under the guard.
    bool release_uncontended(std::uint32_t ident) noexcept;

    /// Keeps the fast paths away from now on. How the word was until then:
    struct Past {
        bool free;
        bool computing;  ///< the holder was known to compute
    };
    Past close() noexcept;

    /// Lets the fast paths in again, unless others wait: to be called after each change, and last.
    void open_unless(bool others_wait) noexcept;

    /// True: the lock is free, and nobody can take it but under the guard.
    bool seize_if_free() noexcept;

    /// The thread `ident` holds the lock, and nobody has asked it yet to make way.
    void give_to(std::uint32_t ident, threading::TurnKind kind) noexcept;
    void free() noexcept;
    /// The holder is known to compute from now on.
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
