#pragma once
// What may lie in memory that processes share.

#include <functional>
#include <ranges>
#include <type_traits>

namespace threadwise::multiprocessing::detail {

/// Whether the bytes alone are the value. (A struct of pointers is, too, for the compiler: what they point to is not
/// there in another process.)
template <class T>
inline constexpr bool is_plain =
    std::is_trivially_copyable_v<std::remove_cv_t<T>> && !std::is_pointer_v<T> && !std::is_reference_v<T>;

template <class T>
inline constexpr bool is_reference_wrapper = false;
template <class T>
inline constexpr bool is_reference_wrapper<std::reference_wrapper<T>> = true;

/// Whether its bytes are all there is to it; not so for what only points to other things.
template <class T>
inline constexpr bool can_be_passed_by_bytes = is_plain<T>&& std::is_object_v<T> && !std::ranges::borrowed_range<T> &&
                                               !is_reference_wrapper<T> && !std::is_member_pointer_v<T>;

}  // namespace threadwise::multiprocessing::detail
