#include "threadwise/detail/multiprocessing/synchronization/robust_word.hpp"

#include "platform/processes/robust_list.hpp"
#include "runtime/base/fork.hpp"

namespace threadwise::multiprocessing::detail {
namespace {

static_assert(RobustWord::holder_bits == platform::robust_holder_bits);
static_assert(RobustWord::died_bit == platform::robust_died_bit);
static_assert(RobustWord::waiters_bit == platform::robust_waiters_bit);
static_assert(sizeof(RobustWord) == platform::robust_links_offset + 2 * sizeof(void*));

[[maybe_unused]] const bool forgets_in_child =
    (runtime::at_fork_in_child(&platform::forget_robust_holder, runtime::ForkOrder::after_registry), true);

}  // namespace

RobustWord::Take RobustWord::try_take(bool waiters) noexcept {
    std::uint32_t seen = 0;
    if (platform::take_robust(word_, links_.data(), seen, waiters ? waiters_bit : 0)) return Take::taken;
    return (seen & holder_bits) == 0 ? Take::in_doubt : Take::held;
}

bool RobustWord::try_take_in_doubt(bool keep_doubt) noexcept {
    std::uint32_t seen = look();
    if ((seen & holder_bits) != 0 || (seen & died_bit) == 0) return false;
    const std::uint32_t kept = keep_doubt ? waiters_bit | died_bit : waiters_bit;
    return platform::take_robust(word_, links_.data(), seen, seen & kept);
}

bool RobustWord::release() noexcept {
    const std::uint32_t seen = look();
    if ((seen & holder_bits) != platform::robust_holder()) return false;
    // Nobody else changes a word that is held, but for waiters_bit.
    platform::release_robust(word_, links_.data(), seen & died_bit);
    return true;
}

std::uint32_t RobustWord::mark_waiters() noexcept {
    std::uint32_t seen = look();
    while ((seen & holder_bits) != 0) {
        // relaxed, both: nothing is published; the release, which is an exchange, finds the mark or comes before it.
        if ((seen & waiters_bit) != 0 ||
            word_.compare_exchange_weak(seen, seen | waiters_bit, std::memory_order_relaxed)) {
            return seen | waiters_bit;
        }
    }
    return 0;
}

bool RobustWord::is_held_by_this_thread() const noexcept { return (look() & holder_bits) == platform::robust_holder(); }

}  // namespace threadwise::multiprocessing::detail
