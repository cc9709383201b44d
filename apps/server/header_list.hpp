#pragma once
// Headers' values that are lists (RFC 9110, 5.6.1).

#include <string_view>
#include <vector>

namespace command {

/// ASCII letters alone.
bool equal_ignoring_case(std::string_view one, std::string_view other) noexcept;

/// What lies between commas, without blanks around it and without empty elements. A comma within double quotes is part
/// of an element.
std::vector<std::string_view> split_header_list(std::string_view text);

}  // namespace command
