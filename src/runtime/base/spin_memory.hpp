#pragma once
// Whether spinning pays here: a small memory of how the last spins ended.

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace threadwise::runtime {

/// One for each bucket of the parking table, so that each place where threads wait learns for itself. A hint, shared
/// and updated without care: relaxed everywhere, and a lost update does no harm.
///
/// Credit above zero: spin. Each spin that paid adds to it, each that was wasted takes from it. Once it is used up, the
/// next waits do not spin at all; how many grows with each further failure, up to `longest_pause`, after which one
/// wait tries again. So a place where spinning never pays wastes one spin in a hundred waits.
class SpinMemory {
public:
    bool worth_trying() noexcept {
        const int credit = credit_.load(std::memory_order_relaxed);
        if (credit >= 0) return true;
        credit_.store(static_cast<std::int8_t>(credit + 1), std::memory_order_relaxed);
        return false;
    }

    void paid() noexcept {
        const int credit = credit_.load(std::memory_order_relaxed);
        if (credit < most_credit) {
            credit_.store(static_cast<std::int8_t>(std::clamp(credit + 2, 1, most_credit)), std::memory_order_relaxed);
            pause_.store(first_pause, std::memory_order_relaxed);
        }
    }

    void wasted() noexcept {
        const int credit = credit_.load(std::memory_order_relaxed);
        if (credit > 0) {
            credit_.store(static_cast<std::int8_t>(std::max(credit - 4, 0)), std::memory_order_relaxed);
            return;
        }
        const int pause = pause_.load(std::memory_order_relaxed);
        credit_.store(static_cast<std::int8_t>(-pause), std::memory_order_relaxed);
        pause_.store(static_cast<std::int8_t>(std::min(pause * 2, longest_pause)), std::memory_order_relaxed);
    }

private:
    static constexpr int most_credit = 16;
    static constexpr int first_pause = 2;
    static constexpr int longest_pause = 100;

    std::atomic<std::int8_t> credit_{4};
    std::atomic<std::int8_t> pause_{first_pause};
};

}  // namespace threadwise::runtime
