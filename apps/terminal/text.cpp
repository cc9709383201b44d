#include "terminal/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace command {
namespace {

/// A character with the marks that combine with it.
struct Glyph {
    std::string bytes;
    std::size_t columns;
};

std::vector<Glyph> glyphs_of(std::string_view text) {
    std::vector<Glyph> glyphs;
    while (!text.empty()) {
        utf8proc_int32_t character = 0;
        const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &character);
        const bool valid = length > 0 && utf8proc_category(character) != UTF8PROC_CATEGORY_CC;
        const std::size_t size = length > 0 ? static_cast<std::size_t>(length) : 1;
        const std::size_t columns = valid ? static_cast<std::size_t>(utf8proc_charwidth(character)) : 1;
        const std::string bytes = valid ? std::string(text.substr(0, size)) : "?";
        if (columns == 0 && !glyphs.empty()) {
            glyphs.back().bytes += bytes;
        } else {
            glyphs.push_back({bytes, columns});
        }
        text.remove_prefix(size);
    }
    return glyphs;
}

template <class Glyphs>
std::size_t sum_of_columns(const Glyphs& glyphs) {
    return std::accumulate(glyphs.begin(), glyphs.end(), std::size_t{0},
                           [](std::size_t sum, const Glyph& glyph) { return sum + glyph.columns; });
}

/// How far the glyphs of [begin, end) fit into `width` columns, and how many columns those take.
template <class Iterator>
std::pair<Iterator, std::size_t> first_that_fit(Iterator begin, Iterator end, std::size_t width) {
    std::size_t used = 0;
    while (begin != end && used + begin->columns <= width) used += (begin++)->columns;
    return {begin, used};
}

/// Nearly all text is: then bytes, characters and columns are one.
bool is_plain_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string fitted_ascii(std::string_view text, std::size_t width) {
    std::string result(text.substr(0, width));
    if (text.size() > width && width > 0) {
        const std::size_t space = width - 1;  // beside the ellipsis
        const std::size_t head = space / 3;
        result.resize(head);
        result.append("…").append(text.substr(text.size() - (space - head)));
    } else {
        result.resize(width, ' ');
    }
    return result;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    return is_plain_ascii(text) ? text.size() : sum_of_columns(glyphs_of(text));
}

std::string fitted(std::string_view text, std::size_t width) {
    if (is_plain_ascii(text)) return fitted_ascii(text, width);
    const std::vector<Glyph> glyphs = glyphs_of(text);
    std::string result;
    std::size_t used = sum_of_columns(glyphs);
    if (used <= width) {
        for (const Glyph& glyph : glyphs) result += glyph.bytes;
    } else if (width == 0) {
        return result;
    } else {
        const std::size_t space = width - 1;  // beside the ellipsis
        const auto [head, head_columns] = first_that_fit(glyphs.begin(), glyphs.end(), space / 3);
        const auto [tail, tail_columns] = first_that_fit(glyphs.rbegin(), glyphs.rend(), space - head_columns);
        for (auto glyph = glyphs.begin(); glyph != head; ++glyph) result += glyph->bytes;
        result += "…";
        for (auto glyph = tail.base(); glyph != glyphs.end(); ++glyph) result += glyph->bytes;
        used = head_columns + 1 + tail_columns;
    }
    return result + std::string(width - used, ' ');
}

}  // namespace command
