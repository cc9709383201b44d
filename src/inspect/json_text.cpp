#include "inspect/json_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace threadwise::inspect {
namespace {

/// A first byte of UTF-8: how many bytes its character has, and the least and the greatest second one. That leaves no
/// way to write a character in more bytes than it needs, a surrogate, or what is beyond U+10FFFF (Unicode, table 3-7).
struct Lead {
    std::size_t length;
    std::uint8_t least = 0x80;
    std::uint8_t greatest = 0xBF;
};

Lead lead_of(std::uint8_t byte) noexcept {
    if (byte < 0x80) return {1};
    if (byte >= 0xC2 && byte < 0xE0) return {2};
    if (byte == 0xE0) return {3, 0xA0};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte >= 0xE1 && byte < 0xF0) return {3};
    if (byte == 0xF0) return {4, 0x90};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    if (byte >= 0xF1 && byte < 0xF4) return {4};
    return {0};
}

bool is_between(char c, std::uint8_t least, std::uint8_t greatest) noexcept {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte >= least && byte <= greatest;
}

/// How many bytes the character has that a text begins with; 0: it is none.
std::size_t length_of_character(std::string_view text) noexcept {
    const Lead lead = lead_of(static_cast<std::uint8_t>(text.front()));
    if (lead.length < 2) return lead.length;
    if (text.size() < lead.length || !is_between(text[1], lead.least, lead.greatest)) return 0;
    const std::string_view rest = text.substr(2, lead.length - 2);
    return std::all_of(rest.begin(), rest.end(), [](char c) { return is_between(c, 0x80, 0xBF); }) ? lead.length : 0;
}

void print_control(std::ostream& out, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<std::uint8_t>(c);
    out << "\\u00" << digits[byte >> 4U] << digits[byte & 15U];
}

}  // namespace

std::ostream& operator<<(std::ostream& out, JsonText text) {
    out << '"';
    for (std::string_view rest = text.text; !rest.empty();) {
        const std::size_t length = length_of_character(rest);
        const char first = rest.front();
        if (length == 0) {
            out << "\\ufffd";
        } else if (is_between(first, 0, 0x1F) || is_between(first, 0x7F, 0x7F)) {
            print_control(out, first);
        } else {
            if (first == '"' || first == '\\') out << '\\';
            out << rest.substr(0, length);
        }
        rest.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out << '"';
}

}  // namespace threadwise::inspect
