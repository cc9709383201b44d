#pragma once
// Which items can be moved and compared while a lock of a queue is held: those for which that runs no code of the
// user's, which might wait, take long, or use the very queue.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace threadwise::detail {

/// Whether moving a T, and destroying one that has been moved from, runs code of the language and of the standard
/// library alone. False where that is not known, which costs some nanoseconds an item.
template <class T>
inline constexpr bool moves_plainly = std::is_trivially_move_constructible_v<T>&&
    std::is_trivially_move_assignable_v<T>&& std::is_trivially_destructible_v<T>;

template <class T>
inline constexpr bool moves_plainly<std::unique_ptr<T>> = true;
template <class T>
inline constexpr bool moves_plainly<std::shared_ptr<T>> = true;
template <class T>
inline constexpr bool moves_plainly<std::weak_ptr<T>> = true;
template <class Char>
inline constexpr bool moves_plainly<std::basic_string<Char>> = true;
template <class T>
inline constexpr bool moves_plainly<std::vector<T>> = true;
template <class Signature>
inline constexpr bool moves_plainly<std::function<Signature>> = true;
template <class T>
inline constexpr bool moves_plainly<std::optional<T>> = moves_plainly<T>;
template <class First, class Second>
inline constexpr bool moves_plainly<std::pair<First, Second>> = moves_plainly<First>&& moves_plainly<Second>;
template <class... Parts>
inline constexpr bool moves_plainly<std::tuple<Parts...>> = (moves_plainly<Parts> && ...);

/// Whether the language and the standard library alone say which of two T comes first.
template <class T>
inline constexpr bool is_ordered_plainly = std::is_arithmetic_v<T> || std::is_pointer_v<T>;

template <class Char>
inline constexpr bool is_ordered_plainly<std::basic_string<Char>> = true;
template <class First, class Second>
inline constexpr bool is_ordered_plainly<std::pair<First, Second>> =
    is_ordered_plainly<First>&& is_ordered_plainly<Second>;
template <class... Parts>
inline constexpr bool is_ordered_plainly<std::tuple<Parts...>> = (is_ordered_plainly<Parts> && ...);

/// Whether `Compare` on a T runs no code of the user's.
template <class Compare, class T>
inline constexpr bool compares_plainly = false;

template <class T>
inline constexpr bool compares_plainly<std::less<T>, T> = is_ordered_plainly<T>;
template <class T>
inline constexpr bool compares_plainly<std::less<>, T> = is_ordered_plainly<T>;
template <class T>
inline constexpr bool compares_plainly<std::greater<T>, T> = is_ordered_plainly<T>;
template <class T>
inline constexpr bool compares_plainly<std::greater<>, T> = is_ordered_plainly<T>;

}  // namespace threadwise::detail
