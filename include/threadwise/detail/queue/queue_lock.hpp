#pragma once
// The lock of one side of a queue: held for some nanoseconds, by all threads that put or all that get.
//
// Most sides have one user. For it a locked instruction outweighs everything else, not least as it waits until the
// user's stores to cache lines that the other side has are through. So a thread that has been alone for a while gets
// the lock biased to itself: from then on it enters and leaves with plain stores, to a slot of its own, until another
// thread comes and takes the bias away (Dice, Moir & Scherer, "Quickly reacquirable locks", 2003).
// src/queue/queue_lock.cpp has the argument why that excludes, and loses no wake-up.

#include <atomic>
#include <cstdint>
#include <memory>

#include "threadwise/detail/runtime/bias_slot.hpp"
#include "threadwise/detail/synchronization/owner_word.hpp"
#include "threadwise/export.hpp"

namespace threadwise::detail {

/// A Lock whose wait nothing interrupts: what is done under it is short, unless an item's own functions are not. Meets
/// the standard's BasicLockable. 24 bytes. Uncontended, lock is one compare-and-swap and unlock a plain store; biased,
/// both are plain stores. To take a bias away costs some microseconds.
class QueueLock {
public:
    [[gnu::always_inline]] void lock() {
        if (try_enter()) [[likely]] {
            ++uses_;
            return;
        }
        if (!word_.try_take(this_ident)) [[unlikely]]
            lock_slow();
        // relaxed: changes under the lock alone.
        if (bias_.load(std::memory_order_relaxed) != (bits(this_bias_slot) | unbiased) || ++uses_ >= worth_) settle();
    }

    void unlock() noexcept {
        // relaxed: our own.
        if (this_bias_slot->inside.load(std::memory_order_relaxed) == this) [[likely]] {
            leave();
        } else {
            word_.release();
        }
    }

    /// In a forked child, where the thread that held it does not exist any more.
    void reset_after_fork() noexcept {
        std::destroy_at(this);
        std::construct_at(this);
    }

    /// Whether it is biased to the calling thread.
    bool is_biased() const noexcept {
        // relaxed: only this thread itself sets the word to this value.
        return bias_.load(std::memory_order_relaxed) == bits(this_bias_slot);
    }

    /// After how many uses in a row a thread first gets the bias.
    static constexpr std::uint32_t least_worth = 256;

private:
    static constexpr std::uint32_t most_worth = 1U << 16;
    static constexpr std::uintptr_t unbiased = 1;

    static std::uintptr_t bits(const BiasSlot* slot) noexcept { return reinterpret_cast<std::uintptr_t>(slot); }

    /// Takes the lock if it is biased to the calling thread, which is inside no other biased lock.
    bool try_enter() noexcept {
        if (!is_biased()) return false;
        std::atomic<const void*>& inside = this_bias_slot->inside;
        if (inside.load(std::memory_order_relaxed) != nullptr) return false;  // relaxed: our own
        // release: a thread that finds us in another lock by now comes after what we did in this one.
        inside.store(this, std::memory_order_release);
        // The processor may let the load overtake the store; a revoker of the bias makes up for it.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (is_biased()) [[likely]]
            return true;
        leave();
        return false;
    }

    void leave() noexcept {
        // release: publishes what was done under the lock to the thread that takes the bias away.
        this_bias_slot->inside.store(nullptr, std::memory_order_release);
        std::atomic_signal_fence(std::memory_order_seq_cst);  // as in try_enter()
        if (!is_biased()) [[unlikely]]
            tell_revoker();
    }

    THREADWISE_API void lock_slow();
    THREADWISE_API void settle();
    THREADWISE_API void tell_revoker() noexcept;
    void revoke(const BiasSlot& slot);

    /// | bias_            | `inside` of the slot | the lock                                                           |
    /// |------------------|----------------------|--------------------------------------------------------------------|
    /// | a slot           | another lock or none | is free for the slot's thread, which takes it with plain stores    |
    /// | a slot           | this lock            | is held by the slot's thread, by the bias                          |
    /// | a slot, unbiased | this lock            | is held by a revoker: it has word_, and waits for the slot's       |
    /// |                  |                      | thread to leave                                                    |
    /// | a slot, unbiased | another lock or none | is held by whoever holds word_, or free; the slot is its last      |
    /// |                  |                      | user's                                                             |
    /// | unbiased         |                      | the same, but has not been used yet                                |
    ///
    /// The bias is given and taken away by settle(), with word_ held.
    OwnerWord word_;
    std::atomic<std::uintptr_t> bias_{unbiased};
    // Guarded by the lock.
    std::uint32_t uses_ = 0;             ///< by the current user, since it came or was given the bias
    std::uint32_t worth_ = least_worth;  ///< after how many uses a thread gets the bias
};

}  // namespace threadwise::detail
