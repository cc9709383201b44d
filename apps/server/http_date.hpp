#pragma once
// Dates as HTTP writes them (RFC 9110, 5.6.7).

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace command {

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(std::time_t seconds);

/// A date in that form or in one of the two obsolete ones; nothing for any other text.
std::optional<std::time_t> parse_http_date(std::string_view text);

}  // namespace command
