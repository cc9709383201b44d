#pragma once
// Text as a terminal shows it: how many columns it takes, and how it is made to fit.

#include <cstddef>
#include <string>
#include <string_view>

namespace command {

/// How many columns of a terminal UTF-8 `text` takes: East Asian wide characters and emoji two, combining marks none. A
/// byte that is no UTF-8 takes one.
std::size_t columns_of(std::string_view text);

/// `text` on exactly `width` columns: filled up with blanks, or with an ellipsis in place of what is in the middle, as
/// names of many files tend to begin alike, and to end in what tells them apart. Control characters and bytes that are
/// no UTF-8 become question marks.
std::string fitted(std::string_view text, std::size_t width);

}  // namespace command
