#pragma once
// Which ranges are sorted without branches: a mispredicted branch costs more than moving such a value.

#include <iterator>
#include <type_traits>

namespace threadwise::detail {

/// Whether the range holds small trivial values in an array. What compares them may throw.
template <class Iterator>
inline constexpr bool has_plain_keys =
    std::contiguous_iterator<Iterator>&& std::is_trivial_v<std::iter_value_t<Iterator>> &&
    sizeof(std::iter_value_t<Iterator>) <= 16;

}  // namespace threadwise::detail
