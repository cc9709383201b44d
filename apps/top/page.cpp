#include "top/page.hpp"

#include <algorithm>
#include <tuple>

namespace command {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool has_part(std::string_view text, std::string_view part) {
    const auto is_same = [](char a, char b) { return lower(a) == lower(b); };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), is_same) != text.end() || part.empty();
}

}  // namespace

void Page::sort_by_next(int step) {
    const std::size_t count = columns_.size();
    sorted_by_ = (sorted_by_ + count + static_cast<std::size_t>(step)) % count;
    is_reversed_ = false;
}

void Page::move(std::ptrdiff_t rows) {
    const auto last = std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(size()) - 1, 0);
    selected_ = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(
        static_cast<std::ptrdiff_t>(std::min(selected_, static_cast<std::size_t>(last))) + rows, 0, last));
}

void Page::scroll_to_selected(std::size_t shown) {
    move(0);  // there may be fewer rows by now
    if (shown == 0) return;
    const std::size_t last_page = size() > shown ? size() - shown : 0;
    const std::size_t lowest_first = selected_ >= shown ? selected_ - shown + 1 : 0;
    first_shown_ = std::clamp(std::min(first_shown_, last_page), lowest_first, selected_);
}

bool Page::comes_before(const SortKey& a, const SortKey& b) {
    return std::tie(b.number, a.text) < std::tie(a.number, b.text);
}

bool contains(std::span<const std::string> texts, std::string_view part) {
    return std::ranges::any_of(texts, [&](const std::string& text) { return has_part(text, part); });
}

}  // namespace command
