#pragma once
// Which threadwise this is. Versions follow https://semver.org: before 1.0, a new minor version may break
// the interface.

#include "threadwise/export.hpp"

#include <string_view>

namespace threadwise {

/// The version of these headers.
///@{
inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
///@}

/// The version of the library that is linked, as `"major.minor.patch"`. It differs from the constants above
/// when a program runs with another shared library than the one it was compiled for.
THREADWISE_API std::string_view version() noexcept;

}  // namespace threadwise
