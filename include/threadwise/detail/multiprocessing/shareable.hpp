#pragma once
// What may lie in memory that processes share.

#include <type_traits>

namespace threadwise::multiprocessing::detail {

/// Whether the bytes alone are the value. (A struct of pointers is, too, for the compiler: what they point to is not
/// there in another process.)
template <class T>
inline constexpr bool is_plain =
    std::is_trivially_copyable_v<std::remove_cv_t<T>> && !std::is_pointer_v<T> && !std::is_reference_v<T>;

}  // namespace threadwise::multiprocessing::detail
