#include "terminal/table.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "terminal/text.hpp"

namespace command {
namespace {

using Widths = std::vector<std::size_t>;  // 0: the column is left out

/// Of all columns in a line, with a blank between them.
std::size_t sum_of(std::span<const std::size_t> widths) {
    const auto present = static_cast<std::size_t>(std::ranges::count_if(widths, [](auto width) { return width != 0; }));
    return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + std::max<std::size_t>(present, 1) - 1;
}

/// The least important one of those that are there and may go; columns.size(): there is none.
template <class MayGo>
std::size_t least_important(std::span<const Column> columns, const Widths& widths, MayGo may_go) {
    std::size_t least = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (widths[i] == 0 || !may_go(columns[i])) continue;
        if (least == columns.size() || columns[i].importance < columns[least].importance) least = i;
    }
    return least;
}

template <class MayGo>
void leave_out(std::span<const Column> columns, Widths& widths, std::size_t available, MayGo may_go) {
    while (sum_of(widths) > available) {
        const std::size_t least = least_important(columns, widths, may_go);
        if (least == columns.size()) return;
        widths[least] = 0;
    }
}

/// The least widths of those that there is room for. Without room for any, the most important one is cut off.
Widths least_widths(std::span<const Column> columns, std::size_t available) {
    Widths widths;
    for (const Column& column : columns) widths.push_back(std::max(column.width, column.wanted));
    leave_out(columns, widths, available, [](const Column& column) { return column.is_extra; });
    for (std::size_t i = 0; i < columns.size(); ++i) widths[i] = widths[i] == 0 ? 0 : columns[i].width;
    leave_out(columns, widths, available, [](const Column&) { return true; });
    if (sum_of(widths) != 0 || columns.empty()) return widths;
    const auto most = std::ranges::max_element(columns, {}, &Column::importance) - columns.begin();
    widths[static_cast<std::size_t>(most)] = available;
    return widths;
}

/// The most important columns get what they want first.
void widen(std::span<const Column> columns, std::span<std::size_t> widths, std::size_t& rest) {
    std::vector<std::size_t> order(columns.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return columns[i].importance; });
    for (const std::size_t i : order) {
        if (widths[i] == 0 || columns[i].wanted <= widths[i]) continue;
        const std::size_t more = std::min(rest, columns[i].wanted - widths[i]);
        widths[i] += more;
        rest -= more;
    }
}

void share_out(std::span<const Column> columns, std::span<std::size_t> widths, std::size_t rest) {
    std::size_t shares = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) shares += widths[i] == 0 ? 0 : columns[i].share;
    for (std::size_t i = 0; i < columns.size() && shares != 0; ++i) {
        if (widths[i] == 0) continue;
        const std::size_t more = rest * columns[i].share / shares;
        widths[i] += more;
        rest -= more;
        shares -= columns[i].share;
    }
}

std::string aligned(std::string_view text, const Column& column, std::size_t width) {
    const std::size_t used = column.is_number ? columns_of(text) : width;
    if (used >= width) return fitted(text, width);
    return std::string(width - used, ' ').append(fitted(text, used));
}

}  // namespace

std::vector<std::size_t> widths_for(std::span<const Column> columns, std::size_t available) {
    Widths widths = least_widths(columns, available);
    std::size_t rest = available - sum_of(widths);
    widen(columns, widths, rest);
    share_out(columns, widths, rest);
    return widths;
}

std::vector<std::size_t> natural_widths(std::span<const Column> columns, std::span<const Row> rows) {
    constexpr std::size_t arrow = 1;
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        std::size_t width = columns_of(columns[i].title) + arrow;
        for (const Row& row : rows) width = std::max(width, columns_of(row.cells[i]));
        widths.push_back(width);
    }
    return widths;
}

std::string line_of(std::span<const std::string> cells, std::span<const Column> columns,
                    std::span<const std::size_t> widths) {
    std::string line;
    const char* before = "";
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (widths[i] == 0) continue;
        line += before;
        line += aligned(cells[i], columns[i], widths[i]);
        before = " ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string heading_of(std::span<const Column> columns, std::span<const std::size_t> widths, std::size_t sorted_by,
                       bool is_reversed) {
    std::vector<std::string> titles;
    for (const Column& column : columns) titles.emplace_back(column.title);
    if (sorted_by < titles.size()) titles[sorted_by] += is_reversed ? "↑" : "↓";
    return line_of(titles, columns, widths);
}

}  // namespace command
