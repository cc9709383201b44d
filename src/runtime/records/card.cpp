#include "runtime/records/card.hpp"

#include <algorithm>

namespace threadwise::runtime {
namespace {

/// Whether a character of UTF-8 goes on here.
bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

template <std::size_t size>
CardText<size> beginning_of(std::string_view text) noexcept {
    CardText<size> copy;
    text.copy(copy.chars.data(), length_within(text, size - 1));
    return copy;
}

/// The end of a path tells more than its beginning.
template <std::size_t size>
CardText<size> end_of(std::string_view text) noexcept {
    std::size_t begin = text.size() - std::min(text.size(), size - 1);
    while (begin < text.size() && is_continuation(text[begin])) ++begin;
    return beginning_of<size>(text.substr(begin));
}

}  // namespace

std::size_t length_within(std::string_view text, std::size_t most) noexcept {
    std::size_t length = std::min(text.size(), most);
    while (length < text.size() && length > 0 && is_continuation(text[length])) --length;
    return length;
}

void Card::write_name(std::string_view text) noexcept { name.write(beginning_of<96>(text)); }

void Card::note_holder(const WaitSite& written) noexcept {
    if (written.owner_word == nullptr) return;
    // relaxed: nothing is read by way of the holder.
    const std::uint64_t now = owner_in(written.owner_word->load(std::memory_order_relaxed), written);
    holder.store(std::uint64_t{site.version()} << 32U | now, std::memory_order_release);
}

void Card::note_place(const SourceLocation& where, SourceLocation& last_place) noexcept {
    const bool is_last = where.line() == last_place.line() && where.file_name() == last_place.file_name() &&
                         where.function_name() == last_place.function_name();
    if (is_last) return;
    last_place = where;
    place.write({.file_key = where.file_name(),
                 .function_key = where.function_name(),
                 .line = where.line(),
                 .site_version = 0,
                 .file = end_of<sizeof(CardPlace::file)>(where.file_name()),
                 .function = beginning_of<sizeof(CardPlace::function)>(where.function_name())});
}

void Card::note_place(std::string_view file, std::string_view function, std::uint32_t line) noexcept {
    place.write({.line = line,
                 .site_version = site.version(),
                 .file = end_of<sizeof(CardPlace::file)>(file),
                 .function = beginning_of<sizeof(CardPlace::function)>(function)});
}

}  // namespace threadwise::runtime
