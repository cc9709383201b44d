#pragma once

/// \file
/// The time that most waits may take.

#include <limits>

namespace threadwise::py {

/// For ever, as a time in seconds.
inline constexpr double forever = std::numeric_limits<double>::infinity();

}  // namespace threadwise::py
