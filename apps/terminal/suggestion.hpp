#pragma once
// Suggests a known word for a mistyped one.

#include <string>
#include <string_view>
#include <vector>

namespace command {

/// The word of `known` with the smallest edit distance to `typed` (letters inserted, deleted, replaced, or swapped with
/// a neighbour); "" if none is near.
std::string nearest_word(std::string_view typed, const std::vector<std::string>& known);

}  // namespace command
