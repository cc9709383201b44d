#pragma once
// The choices that a storm makes, which its seed replays.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace threadwise::storm {

/// Numbers that look random and are the same for the same seed: SplitMix64 (Steele, Lea and Flood, 2014).
class Choices {
public:
    explicit Choices(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t number() noexcept {
        std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15);
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }
    /// From 0 to `count - 1`.
    std::size_t below(std::size_t count) noexcept { return static_cast<std::size_t>(number() % count); }
    bool one_in(std::size_t count) noexcept { return below(count) == 0; }
    /// Up to 300 us, often zero.
    std::chrono::microseconds brief() noexcept {
        return std::chrono::microseconds(one_in(4) ? 0 : static_cast<int>(below(300)));
    }

private:
    std::uint64_t state_;
};

}  // namespace threadwise::storm
