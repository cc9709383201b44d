#pragma once
// What `threadwise top` shows at a time: a table that can be sorted and filtered.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "terminal/table.hpp"

namespace command {

class Page {
public:
    virtual ~Page() = default;
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;

    std::span<const Column> columns() const noexcept { return columns_; }
    std::size_t sorted_by() const noexcept { return sorted_by_; }
    bool is_reversed() const noexcept { return is_reversed_; }

    /// To the next column, or by -1 to the one before.
    void sort_by_next(int step);
    void reverse() { is_reversed_ = !is_reversed_; }

    /// Puts into order what there is as of the last look: the rows with `filter` in one of their texts, in whatever
    /// case.
    virtual void arrange(std::string_view filter) = 0;

    // As of the last arrange():

    virtual std::size_t size() const = 0;
    virtual Row row(std::size_t index) = 0;

    /// The selected row, and the first one that is shown.
    std::size_t selected() const noexcept { return selected_; }
    std::size_t first_shown() const noexcept { return first_shown_; }

    /// Selects another row: so many further down, or up.
    void move(std::ptrdiff_t rows);

    /// Where `shown` rows are shown, the selected one is among them.
    void scroll_to_selected(std::size_t shown);

protected:
    struct SortKey {
        double number = 0;  ///< the largest come first; then
        std::string text;   ///< the least
    };

    Page(std::span<const Column> columns, std::size_t sorted_by) : columns_(columns), sorted_by_(sorted_by) {}

    /// Items with the same key stay in their order.
    template <class Item, class KeyOf>
    void sort(std::vector<Item>& items, KeyOf key_of) const {
        std::vector<std::pair<SortKey, Item>> keyed;
        keyed.reserve(items.size());
        for (Item& item : items) keyed.emplace_back(key_of(item), item);
        std::ranges::stable_sort(keyed, [this](const auto& a, const auto& b) {
            return is_reversed_ ? comes_before(b.first, a.first) : comes_before(a.first, b.first);
        });
        for (std::size_t i = 0; i < items.size(); ++i) items[i] = std::move(keyed[i].second);
    }

private:
    static bool comes_before(const SortKey& a, const SortKey& b);

    std::span<const Column> columns_;
    std::size_t sorted_by_;
    bool is_reversed_ = false;
    std::size_t selected_ = 0;
    std::size_t first_shown_ = 0;
};

/// Whether one of the texts has `part` in it; letters of ASCII count as the same in either case.
bool contains(std::span<const std::string> texts, std::string_view part);

}  // namespace command
