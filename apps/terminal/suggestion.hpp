#pragma once
// What a mistyped word may have been meant to be.

#include <string>
#include <string_view>
#include <vector>

namespace command {

/// The word of `known` that is nearest to `typed`, by letters left out, added, changed or exchanged with a neighbour;
/// "" if none is near.
std::string nearest_word(std::string_view typed, const std::vector<std::string>& known);

}  // namespace command
