#include "threading/interpreter/interpreter_word.hpp"

#include "platform/asymmetric_fence.hpp"
#include "runtime/records/thread_record.hpp"

namespace threadwise::detail {
namespace {

// In `slow`, beside the two bits of the word:
constexpr std::uint32_t by_exchange = 1;  ///< there is no heavy fence: the word is freed by compare-and-swap
constexpr std::uint32_t each_turn = 2;    ///< each turn is measured

}  // namespace

InterpreterWord::InterpreterWord(InterpreterWords& words, bool measured) noexcept
    : word_(words.word),
      asked_(words.asked),
      slow_(words.slow),
      measured_(measured),
      always_slow_((platform::enable_heavy_fence() ? 0 : by_exchange) | (measured ? each_turn : 0)) {
    slow_.store(always_slow_);
    if (measured_) word_.store(InterpreterWords::contended);
}

bool InterpreterWord::release_uncontended(std::uint32_t ident) noexcept {
    // release: as on the fast path, which this is where there is no heavy fence.
    return slow_.load() == by_exchange && word_.compare_exchange_strong(ident, 0, std::memory_order_release);
}

InterpreterWord::Past InterpreterWord::close() noexcept {
    if (slow_.load() == 0) {
        slow_.store(InterpreterWords::contended);
        platform::heavy_fence();
        // From now on the word is never freed by a plain store again: `slow` has other bits until the next
        // open_unless(), and this one after it.
        if (platform::heavy_fence_refused()) always_slow_ |= by_exchange;
    }
    const std::uint32_t word = word_.fetch_or(InterpreterWords::contended);
    return {.free = (word & owner_mask) == 0, .computing = (word & InterpreterWords::computing) != 0};
}

void InterpreterWord::open_unless(bool others_wait) noexcept {
    const std::uint32_t bits =
        (others_wait ? InterpreterWords::contended : 0) | (word_.load() & InterpreterWords::computing);
    slow_.store(bits | always_slow_);
    if (!others_wait && !measured_) word_.fetch_and(~InterpreterWords::contended);
}

bool InterpreterWord::seize_if_free() noexcept {
    if ((word_.load() & owner_mask) != 0) return false;
    return (word_.fetch_or(InterpreterWords::contended) & owner_mask) == 0;
}

void InterpreterWord::give_to(std::uint32_t ident, threading::TurnKind kind) noexcept {
    asked_.store(0);
    word_.store(ident | InterpreterWords::contended |
                (kind == threading::TurnKind::computing ? InterpreterWords::computing : 0));
}

void InterpreterWord::free() noexcept { word_.store(InterpreterWords::contended); }

void InterpreterWord::mark_computing() noexcept { word_.fetch_or(InterpreterWords::computing); }

}  // namespace threadwise::detail
