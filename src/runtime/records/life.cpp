#include "runtime/records/life.hpp"

#include "runtime/records/waking.hpp"

namespace threadwise::runtime {
namespace {

// The word holds the state and this bit: somebody sleeps on the word's address.
constexpr std::uint32_t has_waiters = 4;
constexpr std::uint32_t state_mask = has_waiters - 1;

constexpr std::uint32_t word_of(Life life) noexcept { return static_cast<std::uint32_t>(life); }

}  // namespace

bool has_reached(const ThreadRecord& record, Life life) noexcept {
    // acquire: pairs with advance_life(), so that a thread that joins sees all that this one did.
    return (record.life.load(std::memory_order_acquire) & state_mask) >= word_of(life);
}

bool still_to_come(ThreadRecord& record, Life life) noexcept {
    std::uint32_t word = record.life.load(std::memory_order_acquire);  // acquire: as above, when refused
    while ((word & state_mask) < word_of(life)) {
        // release: keeps the chain from an earlier advance_life() to later readers; acquire: as above.
        if (record.life.compare_exchange_weak(word, word | has_waiters, std::memory_order_acq_rel,
                                              std::memory_order_acquire)) {
            return true;
        }
    }
    return false;
}

Life life_of(const ThreadRecord& record) noexcept {
    return static_cast<Life>(record.life.load(std::memory_order_acquire) & state_mask);  // acquire: as above
}

bool begin_life(ThreadRecord& record) noexcept {
    std::uint32_t expected = word_of(Life::unstarted);
    // acq_rel: a thread that starts it after a failed start sees what that one left behind.
    return record.life.compare_exchange_strong(expected, word_of(Life::started), std::memory_order_acq_rel);
}

void advance_life(ThreadRecord& record, Life life) noexcept {
    // acq_rel: publishes what the thread did; the bit says whether anybody sleeps.
    if ((record.life.exchange(word_of(life), std::memory_order_acq_rel) & has_waiters) != 0) unpark_all(&record.life);
}

}  // namespace threadwise::runtime
