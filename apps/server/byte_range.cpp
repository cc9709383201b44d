#include "server/byte_range.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <string_view>

#include "server/header_list.hpp"

namespace command {
namespace {

/// The value of a sequence of digits, or the largest value if it does not fit; nothing for any other text.
std::optional<std::uint64_t> parse_position(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || end != text.data() + text.size()) return std::nullopt;
    return error == std::errc::result_out_of_range ? std::numeric_limits<std::uint64_t>::max() : value;
}

/// "FIRST-LAST", "FIRST-" or "-COUNT". Nothing if it is malformed; an empty range if it is not within the file.
std::optional<ByteRange> parse_range(std::string_view text, std::uint64_t size) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view first_text = text.substr(0, dash);
    const std::string_view last_text = text.substr(dash + 1);
    const auto last = parse_position(last_text);
    if (first_text.empty()) {
        if (!last) return std::nullopt;
        return ByteRange{size - std::min(*last, size), size};
    }
    const auto first = parse_position(first_text);
    if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return std::nullopt;
    if (*first >= size) return ByteRange{};
    return ByteRange{*first, last && *last < size ? *last + 1 : size};
}

}  // namespace

std::optional<std::vector<ByteRange>> parse_ranges(std::string_view header, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    constexpr std::size_t most = 16;
    if (!equal_ignoring_case(header.substr(0, unit.size()), unit)) return std::nullopt;
    std::vector<ByteRange> ranges;
    for (const std::string_view text : split_header_list(header.substr(unit.size()))) {
        const auto range = parse_range(text, size);
        if (!range) return std::vector<ByteRange>();
        if (range->size() != 0) ranges.push_back(*range);
    }
    // Many parts, or parts that overlap, are more likely an attack than a use (RFC 9110, 14.2 and 17.15).
    const auto total = std::accumulate(ranges.begin(), ranges.end(), std::uint64_t{0},
                                       [](std::uint64_t sum, const ByteRange& range) { return sum + range.size(); });
    if (ranges.size() > most || (ranges.size() > 1 && total > size)) return std::nullopt;
    return ranges;
}

}  // namespace command
