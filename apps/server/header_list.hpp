#pragma once
// Header values that are lists (RFC 9110, 5.6.1).

#include <string_view>
#include <vector>

namespace command {

/// Whether both are equal, regardless of the case of ASCII letters.
bool equal_ignoring_case(std::string_view one, std::string_view other) noexcept;

/// The elements between commas, without blanks around them; empty ones are left out. A comma within double quotes is
/// part of an element.
std::vector<std::string_view> split_header_list(std::string_view text);

}  // namespace command
