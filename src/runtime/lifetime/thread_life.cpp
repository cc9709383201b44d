#include "runtime/lifetime/thread_life.hpp"

#include <utility>

#include "runtime/lifetime/shutdown.hpp"

namespace threadwise::runtime {
namespace {

// The word holds the state and this bit: somebody sleeps on the word's address.
constexpr std::uint32_t awaited = 4;
constexpr std::uint32_t state_mask = awaited - 1;

constexpr std::uint32_t word_of(Life life) noexcept { return static_cast<std::uint32_t>(life); }

bool has_reached(const ThreadRecord& record, Life life) noexcept {
    // acquire: pairs with advance_life(), so that who joins sees all that the thread did.
    return (record.life.load(std::memory_order_acquire) & state_mask) >= word_of(life);
}

/// Sets the bit, unless the state has come already. Under the bucket's lock.
bool still_to_come(ThreadRecord& record, Life life) noexcept {
    std::uint32_t word = record.life.load(std::memory_order_acquire);  // acquire: as above, when refused
    while ((word & state_mask) < word_of(life)) {
        // release: keeps the chain from an earlier advance_life() to later readers; acquire: as above.
        if (record.life.compare_exchange_weak(word, word | awaited, std::memory_order_acq_rel,
                                              std::memory_order_acquire)) {
            return true;
        }
    }
    return false;
}

}  // namespace

Life life_of(const ThreadRecord& record) noexcept {
    return static_cast<Life>(record.life.load(std::memory_order_acquire) & state_mask);  // acquire: as above
}

bool begin_life(ThreadRecord& record) noexcept {
    std::uint32_t expected = word_of(Life::unstarted);
    // acq_rel: who starts after a failed start sees what that one left behind.
    return record.life.compare_exchange_strong(expected, word_of(Life::started), std::memory_order_acq_rel);
}

void advance_life(ThreadRecord& record, Life life) noexcept {
    // acq_rel: hands over what the thread did; the bit says whether anybody sleeps.
    if ((record.life.exchange(word_of(life), std::memory_order_acq_rel) & awaited) != 0) unpark_all(&record.life);
}

Wakeup await_life(ThreadRecord& record, Life life, platform::Instant deadline, std::stop_token stop,
                  SourceLocation where) {
    auto reached = [&] { return has_reached(record, life); };
    if (reached()) return Wakeup::woken;
    Waiting waiting(
        {.kind = WaitKind::join, .object = &record, .owner = record.ident, .where = where, .deadline = deadline},
        std::move(stop));
    if (waiting.spin(&record.life, reached)) return Wakeup::woken;
    for (;;) {
        const bool in_vain = life == Life::finished && never_finishes(record);
        if (in_vain && may_skip_vain_wait(waiting.record())) return Wakeup::woken;
        const Wakeup wakeup = waiting.park(&record.life, [&] { return still_to_come(record, life); });
        if (wakeup == Wakeup::refused || reached()) return Wakeup::woken;
        if (wakeup != Wakeup::woken) return wakeup;
    }
}

void await_life_uninterrupted(ThreadRecord& record, Life life) {
    bool interrupted = false;
    while (await_life(record, life, platform::never, {}, SourceLocation::current()) != Wakeup::woken) {
        interrupted |= take_interrupt(this_record());
    }
    if (interrupted) interrupt(this_record());
}

}  // namespace threadwise::runtime
