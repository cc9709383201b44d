#pragma once

/// \file
/// SharedLock: many may read at once, or one may write (C++: `std::shared_timed_mutex`, [thread.sharedtimedmutex];
/// Python has none).
///
/// For data that is read often and for long, and written seldom. Where sections are short and writes not rare, a Lock
/// is faster. Writers go first: once one waits, new readers wait; but a waiting reader gets in as a writer leaves,
/// before the next writer, so neither can starve the other. There is no way to turn a held read lock into a write lock:
/// two threads that try wait for each other for ever. Release it, lock() to write, and look at the data again.
///
/// Cost: 16 bytes, no allocation. To read, while nobody writes: one compare-and-swap in all, on memory of the reader's
/// own, so that readers on different cores do not slow each other down (the idea: Dice and Kogan, "BRAVO: Biased
/// Locking for Reader-Writer Locks", 2019). To write: some 70 ns where
/// a lock takes 20; a few microseconds after a time without writers.
///
/// hold(lock) takes it to write until the end of the scope, hold_shared(lock) to read (hold.hpp). It meets the
/// standard's SharedTimedMutex: std::unique_lock and std::shared_lock work, too.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "threadwise/detail/runtime/reader_slots.hpp"
#include "threadwise/detail/synchronization/owner_word.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

namespace runtime {
struct FollowedLock;
struct WaitSite;
}  // namespace runtime

/// Thread-safe. Belongs to the threads that hold it: each must release what it has taken, before it ends. Taking it
/// synchronises with the releases by the writer before and, to write, by all readers before. May be destroyed when
/// nobody holds it and every call on it has returned.
class alignas(8) SharedLock {
public:
    constexpr SharedLock() noexcept = default;
    SharedLock(const SharedLock&) = delete;
    SharedLock& operator=(const SharedLock&) = delete;

    /// Takes it to write, and waits until nobody else holds it. Throws RuntimeError, instead of waiting for ever, if
    /// the calling thread holds it already to write, or to read as far as that is known (it is, unless the thread reads
    /// several SharedLocks); InterruptedError if interrupt() ends the wait.
    void lock(SourceLocation where = SourceLocation::current()) { lock_until({}, forever, where); }
    /// The same, but false if not within `timeout`, or when stop is requested.
    bool lock(std::stop_token stop, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
        return lock_until(std::move(stop), timeout, where);
    }
    /// Takes it to write if nobody holds it.
    THREADWISE_API bool try_lock();
    /// Throws RuntimeError if the calling thread does not hold it to write.
    THREADWISE_API void unlock();

    /// Takes it to read, and waits while a writer holds it or waits for it. A thread that reads already may do so
    /// again. Throws RuntimeError if the calling thread holds it to write, or if it is held to read 2^28 times already;
    /// InterruptedError if interrupt() ends the wait.
    void lock_shared(SourceLocation where = SourceLocation::current()) {
        if (!read_at_once()) lock_shared_until({}, forever, where);
    }
    /// The same, but false if not within `timeout`, or when stop is requested.
    bool lock_shared(std::stop_token stop, Timeout timeout = forever,
                     SourceLocation where = SourceLocation::current()) {
        return read_at_once() || lock_shared_until(std::move(stop), timeout, where);
    }
    /// Takes it to read if no writer holds it or waits for it.
    bool try_lock_shared() { return read_at_once() || try_lock_shared_slow(); }
    /// Throws RuntimeError if nobody holds it to read.
    void unlock_shared() {
        detail::ReaderSlots* const slots = detail::this_reader_slots;
        // relaxed: our own slot.
        if (slots != nullptr && slots->of(this).load(std::memory_order_relaxed) == visible()) [[likely]] {
            leave(slots->of(this));
            return;
        }
        unlock_shared_slow();
    }

    /// The standard's names for the timed forms. A time in the past tries once.
    template <class Rep, class Period>
    bool try_lock_for(const std::chrono::duration<Rep, Period>& duration,
                      SourceLocation where = SourceLocation::current()) {
        return lock_until({}, duration, where);
    }
    template <class Clock, class Duration>
    bool try_lock_until(const std::chrono::time_point<Clock, Duration>& deadline,
                        SourceLocation where = SourceLocation::current()) {
        return lock_until({}, Timeout::until(deadline), where);
    }
    template <class Rep, class Period>
    bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& duration,
                             SourceLocation where = SourceLocation::current()) {
        return read_at_once() || lock_shared_until({}, duration, where);
    }
    template <class Clock, class Duration>
    bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& deadline,
                               SourceLocation where = SourceLocation::current()) {
        return read_at_once() || lock_shared_until({}, Timeout::until(deadline), where);
    }

private:
    /// | bits of word_ | meaning                      | set by                        | cleared by                    |
    /// |---------------|------------------------------|-------------------------------|-------------------------------|
    /// | writer_bit    | a writer has it, or waits    | begin_writing()               | end_writing()                 |
    /// |               | for readers to leave         |                               |                               |
    /// | biased_bit    | readers only note themselves | a reader, after enough reads; | begin_writing()               |
    /// |               | in their slots               | end_writing() with visible    |                               |
    /// |               |                              | readers left                  |                               |
    /// | has_waiters   | a reader may sleep           | a reader, under the bucket's  | end_writing(), which counts   |
    /// |               |                              | lock, while writer_bit is set | the sleepers in               |
    /// | the others    | readers in the count         | +1: a reader; end_writing()   | -1: a reader that leaves      |
    /// |               |                              | for each that it wakes        |                               |
    ///
    /// `writer_` says which thread the writer is. A reader that is noted in its slot, and not counted, is visible.
    static constexpr std::uint32_t writer_bit = 1U << 31;
    static constexpr std::uint32_t biased_bit = 1U << 30;
    static constexpr std::uint32_t has_waiters = 1U << 29;
    static constexpr std::uint32_t readers_mask = has_waiters - 1;
    /// So many can be counted, and as many threads more that have just found the count below it.
    static constexpr std::uint32_t max_readers = 1U << 28;

    /// What a reader notes: that it reads, and that writers must look here for it; or that it is in the count.
    std::uintptr_t visible() const noexcept { return reinterpret_cast<std::uintptr_t>(this); }
    std::uintptr_t counted() const noexcept { return visible() | 1; }

    bool read_at_once() noexcept {
        detail::ReaderSlots* const slots = detail::this_reader_slots;
        // relaxed: looked at again below.
        if ((word_.load(std::memory_order_relaxed) & biased_bit) == 0 || slots == nullptr) return false;
        std::atomic<std::uintptr_t>& slot = slots->of(this);
        if (slot.load(std::memory_order_relaxed) != 0) return false;  // relaxed: our own
        // release: a writer that finds another lock's note here sees what was done under ours before.
        slot.store(visible(), std::memory_order_release);
        // The processor may let the load below overtake the store. A writer makes up for it: between changing the word
        // and looking at the slots it forces a full fence on every core.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        // acquire: pairs with the last writer's unlock(), from which on the word was only exchanged.
        if ((word_.load(std::memory_order_acquire) & biased_bit) != 0) [[likely]]
            return true;
        leave(slot);
        return false;
    }

    void leave(std::atomic<std::uintptr_t>& slot) noexcept {
        // release: a writer that sees that the note is gone sees what was done before.
        slot.store(0, std::memory_order_release);
        std::atomic_signal_fence(std::memory_order_seq_cst);  // as above
        // relaxed: whether somebody waits for us to leave.
        if ((word_.load(std::memory_order_relaxed) & writer_bit) != 0) [[unlikely]]
            tell_writer();
    }

    THREADWISE_API void tell_writer() noexcept;
    THREADWISE_API bool lock_until(std::stop_token stop, Timeout timeout, SourceLocation where);
    THREADWISE_API bool lock_shared_until(std::stop_token stop, Timeout timeout, SourceLocation where);
    THREADWISE_API bool try_lock_shared_slow();
    THREADWISE_API void unlock_shared_slow();

    runtime::FollowedLock follow_reading(SourceLocation where);
    bool read_until(std::stop_token stop, Timeout timeout, SourceLocation where);
    const void* readers_key() const noexcept;
    bool noted() const noexcept;
    void note() noexcept;
    void refuse_if_full() const;
    bool try_count_in() noexcept;
    bool anybody_visible() const;
    bool empty(bool& biased) const;
    bool begin_writing();
    bool await_readers(std::stop_token stop, const runtime::WaitSite& site, bool& biased);
    void end_writing(bool biased);

    std::atomic<std::uint32_t> word_{0};
    std::atomic<std::uint16_t> reads_until_bias_{0};
    std::atomic<std::uint16_t> departures_{0};  ///< changes when a visible reader leaves while a writer waits
    detail::OwnerWord writer_;
};

static_assert(sizeof(SharedLock) == 16);

}  // namespace threadwise
