#pragma once
// The fields of an HTTP response that a download depends on, read strictly.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace command {

/// Bytes `first` to `last`, both included, of a file of `total` bytes.
struct ContentRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::optional<std::uint64_t> total;  ///< nothing where the server does not know it
};

/// Reads "bytes FIRST-LAST/TOTAL" or "bytes FIRST-LAST/*" (RFC 9110, 14.4). Nothing for anything else: other units, a
/// range that ends before it begins or beyond the total, an unsatisfied range ("bytes */TOTAL"), several ranges.
std::optional<ContentRange> parse_content_range(std::string_view value);

/// Reads a Content-Length (RFC 9110, 8.6): decimal digits, or a list of them that agree ("5, 5"), which is what several
/// fields of that name are combined to. Nothing for anything else, and for numbers that no file can have as its size.
std::optional<std::uint64_t> parse_content_length(std::string_view value);

/// Reads a Retry-After (RFC 9110, 10.2.3): seconds, or a date, which gives the time from `now` to it. Waits of more
/// than 68 years are cut to that. Nothing for anything else.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::system_clock::time_point now);

/// Whether `value` is one strong entity tag (RFC 9110, 8.8.3): files that have it in common are the same byte for byte.
bool is_strong_entity_tag(std::string_view value);

}  // namespace command
