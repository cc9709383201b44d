// The standard library does not report a thread's death: the word of a thread that has ended stays held.

#include "platform/processes/robust_list.hpp"

#include <atomic>
#include <cstddef>
#include <span>

#include "platform/processes/shared_futex.hpp"

namespace threadwise::platform {
namespace {

constinit std::atomic<std::uint32_t> last_number{0};
constinit thread_local std::uint32_t this_number = 0;

}  // namespace

std::uint32_t robust_holder() noexcept {
    if (this_number == 0) this_number = ++last_number & robust_holder_bits;
    return this_number;
}

void forget_robust_holder() noexcept {}

bool take_robust(std::atomic<std::uint32_t>& word, void** /*links*/, std::uint32_t& expected,
                 std::uint32_t bits) noexcept {
    return word.compare_exchange_strong(expected, robust_holder() | bits, std::memory_order_acquire,
                                        std::memory_order_relaxed);
}

void release_robust(std::atomic<std::uint32_t>& word, void** /*links*/, std::uint32_t bits) noexcept {
    if ((word.exchange(bits, std::memory_order_release) & robust_waiters_bit) != 0) shared_futex_wake(&word, 1);
}

void abandon_robust(std::span<const std::byte> /*bytes*/) noexcept {}

}  // namespace threadwise::platform
