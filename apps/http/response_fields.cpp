#include "http/response_fields.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace command {
namespace {

constexpr auto largest_size = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    std::uint64_t number = 0;
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return std::nullopt;
    if (number > largest_size) return std::nullopt;
    return number;
}

/// Takes from `text` what is before `separator`, and the separator; nothing, and `text` unchanged, without one.
std::optional<std::string_view> take_until(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view before = text.substr(0, end);
    text.remove_prefix(end + 1);
    return before;
}

bool is_bytes_unit(std::string_view unit) {
    constexpr std::string_view bytes = "bytes";
    return std::ranges::equal(unit, bytes, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view value) {
    const auto unit = take_until(value, ' ');
    if (!unit || !is_bytes_unit(*unit)) return std::nullopt;
    const auto first_text = take_until(value, '-');
    const auto last_text = take_until(value, '/');
    if (!first_text || !last_text) return std::nullopt;
    const auto first = parse_size(*first_text);
    const auto last = parse_size(*last_text);
    const auto total = parse_size(value);
    if (!first || !last || *first > *last) return std::nullopt;
    if (!total && value != "*") return std::nullopt;
    if (total && *last >= *total) return std::nullopt;
    return ContentRange{*first, *last, total};
}

std::optional<std::uint64_t> parse_content_length(std::string_view value) {
    std::optional<std::uint64_t> agreed;
    while (const auto one = take_until(value, ',')) {
        const auto size = parse_size(trimmed(*one));
        if (!size || (agreed && *agreed != *size)) return std::nullopt;
        agreed = size;
    }
    const auto size = parse_size(trimmed(value));
    if (agreed && agreed != size) return std::nullopt;
    return size;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::system_clock::time_point now) {
    value = trimmed(value);
    if (value.empty()) return std::nullopt;
    // Some 68 years: no deadline that is computed from it overflows.
    constexpr std::int64_t longest = std::numeric_limits<std::int32_t>::max();
    if (std::ranges::all_of(value, is_digit)) {
        const auto seconds = parse_size(value).value_or(largest_size);
        return std::chrono::seconds(std::min(seconds, static_cast<std::uint64_t>(longest)));
    }
    const std::int64_t date = curl_getdate(std::string(value).c_str(), nullptr);
    if (date == -1) return std::nullopt;
    // In seconds: the clock's own unit does not hold every date that can be written.
    const auto begin = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
    return std::chrono::seconds(std::clamp<std::int64_t>(date - begin.count(), 0, longest));
}

bool is_strong_entity_tag(std::string_view value) {
    const auto belongs = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > ' ' && c != '"' && byte != 0x7f;
    };
    return value.size() >= 2 && value.front() == '"' && value.back() == '"' &&
           std::ranges::all_of(value.substr(1, value.size() - 2), belongs);
}

}  // namespace command
