#pragma once
// Which callables are moved by copying their bytes, which runs no code of the user's.

#include <tuple>
#include <type_traits>

namespace threadwise::detail {

/// Whether to move a T, and to destroy what it was moved from, is to copy its bytes.
template <class T>
inline constexpr bool moves_as_bytes = std::is_trivially_move_constructible_v<T>&& std::is_trivially_destructible_v<T>;

/// A tuple is its parts, also where the standard library writes the move out.
template <class... Parts>
inline constexpr bool moves_as_bytes<std::tuple<Parts...>> = (moves_as_bytes<Parts> && ...);

}  // namespace threadwise::detail
