#pragma once

/// \file
/// The word that Lock and RLock are made of: who holds it. Taking it is one compare-and-swap; giving it up, one plain
/// store and a look at whether anybody sleeps. src/threading/synchronization/owner_gate.cpp has the argument why that
/// loses no wake-up.

#include <atomic>
#include <cstdint>

#include "threadwise/detail/runtime/ident.hpp"
#include "threadwise/detail/runtime/sleepers.hpp"
#include "threadwise/export.hpp"

namespace threadwise {
class Condition;
}

namespace threadwise::detail {

/// 8 bytes. Once released it is not touched again: the next holder may destroy it.
class OwnerWord {
public:
    /// | bits of value_ | meaning                      | set by                       | cleared by                    |
    /// |----------------|------------------------------|------------------------------|-------------------------------|
    /// | owner_mask     | the holder's ident, 0 when   | whoever takes it; a releaser | release()                     |
    /// |                | free                         | that hands it off            |                               |
    /// | woken          | a sleeper has been woken to  | a releaser, under the        | that sleeper, as it takes the |
    /// |                | compete for the word, and no | bucket's lock                | word or sleeps again          |
    /// |                | other needs to be            |                              |                               |
    static constexpr std::uint32_t woken = 1U << 31;

    constexpr OwnerWord() noexcept = default;
    OwnerWord(const OwnerWord&) = delete;
    OwnerWord& operator=(const OwnerWord&) = delete;

    /// Takes the word for the calling thread, whose ident that is, if it is free and nothing stands in the way. False
    /// is not final: the word may be free all the same, whatever other bits it has, and for a thread that has no ident
    /// yet.
    bool try_take(std::uint32_t me = taking_ident) noexcept {
        std::uint32_t free = 0;
        // acquire: pairs with the release in release(). Without an ident the word stays as it is, and this fails.
        if (!value_.compare_exchange_strong(free, me, std::memory_order_acquire, std::memory_order_relaxed) ||
            me == 0) {
            return false;
        }
        holder_.store(me, std::memory_order_relaxed);  // relaxed: see holder()
        return true;
    }

    /// Takes the word for the calling thread from that holder, which does not exist any more; false: it does not hold
    /// the word any more.
    THREADWISE_API bool take_from(std::uint32_t lost) noexcept;

    /// Frees the word, whoever holds it, and wakes a sleeper if there is one. False: nobody held it.
    bool release() {
        const std::atomic<std::uint32_t>& sleeping = sleepers_on(key());
        // relaxed: hints that no sleeper is to be handed the word, and that somebody holds it.
        if (sleeping.load(std::memory_order_relaxed) != 0 || holder() == 0) [[unlikely]]
            return release_slow();
        holder_.store(0, std::memory_order_relaxed);
        // release: publishes the critical section to the next holder.
        value_.store(0, std::memory_order_release);
        // Here the processor may let the load below overtake the store; only the compiler is held back. A sleeper makes
        // up for it: between raising the count and its last look at the word it forces a full fence on every core.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (sleeping.load(std::memory_order_relaxed) != 0) [[unlikely]]
            wake_sleeper(key());
        return true;
    }

    /// The holder's ident; 0, or with `lock_id_bit`: nobody holds it. Exact for the holder; a snapshot for others.
    /// Kept apart from the word because to read that, just after the locked instruction that took it, would stall for
    /// some ten cycles.
    std::uint32_t holder() const noexcept {
        // relaxed: only about itself can a thread learn something certain from the answer, and it wrote that itself.
        return holder_.load(std::memory_order_relaxed);
    }

    /// As holder(), but includes a thread that is still acquiring it, or has just been handed it.
    std::uint32_t owner() const noexcept {
        // relaxed: nothing may be concluded from the answer about other memory.
        return value_.load(std::memory_order_relaxed) & owner_mask;
    }

    /// For a wait site: the owner as it is read while the thread waits.
    const std::atomic<std::uint32_t>& value() const noexcept { return value_; }

private:
    friend struct OwnerGate;
    friend class threadwise::Condition;

    /// The address that waiters sleep on: odd, so that no thread that waits for something else is ever found there.
    const void* key() const noexcept { return reinterpret_cast<const char*>(this) + 1; }
    static OwnerWord& of(const void* key) noexcept {
        return *reinterpret_cast<OwnerWord*>(reinterpret_cast<std::uintptr_t>(key) - 1);
    }

    THREADWISE_API bool release_slow();
    bool release_followed() noexcept;
    /// Of a word that is free, and may be gone, unless somebody sleeps there.
    THREADWISE_API static void wake_sleeper(const void* key);

    /// The holder's ident and `woken`: what is fought for.
    std::atomic<std::uint32_t> value_{0};
    /// The holder's ident, written by the holder; 0, or which lock it is, when free.
    std::atomic<std::uint32_t> holder_{0};
};

}  // namespace threadwise::detail
