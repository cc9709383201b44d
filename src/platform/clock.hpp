#pragma once
// The monotonic clock that every deadline is measured on.

#include <chrono>

namespace threadwise::platform {

/// A moment on the monotonic clock (CLOCK_MONOTONIC on Linux, as `std::chrono::steady_clock` is there).
using Instant = std::chrono::steady_clock::time_point;

/// The deadline of a wait that has none.
inline constexpr Instant never = Instant::max();

inline Instant now() noexcept { return std::chrono::steady_clock::now(); }

}  // namespace threadwise::platform
