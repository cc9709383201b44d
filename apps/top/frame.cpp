#include "top/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "terminal/durations.hpp"
#include "terminal/table.hpp"
#include "terminal/text.hpp"

namespace command {
namespace {

struct KeyHelp {
    std::string_view key;
    std::string_view short_text;  ///< empty: not shown at the foot
    std::string_view text;
    bool needs_process = false;
};

// The first ones are those that a narrow terminal shows at its foot.
constexpr std::array<KeyHelp, 13> keys{{
    {"q", "quit", "quit, as Ctrl-C does"},
    {"?", "keys", "this list"},
    {"Tab", "page", "the next page: threads, what they wait for", true},
    {"s", "sort", "sort by the next column; S: by the one before"},
    {"/", "filter", "show the rows with a text in them alone; Esc: all again"},
    {"Space", "freeze", "keep the picture as it is, or go on"},
    {"t", "tree", "threads as a tree: below each one those that wait for it", true},
    {"r", "reverse", "sort the other way round"},
    {"+", "faster", "look twice as often"},
    {"-", "slower", "look half as often"},
    {"Enter", "", "look at the selected process"},
    {"Esc", "", "back to the list of processes"},
    {"arrows", "", "select another row; also PgUp, PgDn, Home and End"},
}};

void put_fitted(Screen& screen, std::size_t row, const Line& line) {
    screen.put(row, 0, fitted(line.text, screen.size().columns), line.style);
}

}  // namespace

std::vector<Line> head_of(Watched& watched) {
    const Summary& summary = watched.summary();
    const auto used = watched.cpu();
    const std::string cpu = used && used->share ? fmt::format(", CPU {:.1f} %", 100 * *used->share) : "";
    const std::string cycles =
        summary.cycles == 0 ? "" : fmt::format(", {} cycle{}", summary.cycles, summary.cycles == 1 ? "" : "s");
    const bool is_current = watched.snapshot().holders_are_current;
    return {{fmt::format("{} {}", watched.pid(), watched.command()), Style::heading},
            {fmt::format("{} threads, {} wait, the longest {}{}{}{}", summary.threads, summary.waiting,
                         human_seconds(summary.longest_wait), cycles, cpu,
                         is_current ? "" : ", holders as of when a wait began"),
             summary.cycles == 0 ? Style::plain : Style::alarm}};
}

std::size_t rows_of_table(std::size_t rows, std::size_t head_lines) {
    const std::size_t others = head_lines + 2;  // the titles and the foot
    return rows > others ? rows - others : 0;
}

void draw(Screen& screen, const std::vector<Line>& head, Page& page, const Line& foot) {
    const TerminalSize size = screen.size();
    screen.clear();
    std::size_t row = 0;
    for (const Line& line : head) put_fitted(screen, row++, line);
    const auto widths = widths_for(page.columns(), size.columns);
    put_fitted(screen, row++,
               {heading_of(page.columns(), widths, page.sorted_by(), page.is_reversed()), Style::heading});
    const std::size_t shown = rows_of_table(size.rows, head.size());
    page.scroll_to_selected(shown);
    const std::size_t end = std::min(page.first_shown() + shown, page.size());
    for (std::size_t i = page.first_shown(); i < end; ++i) {
        const Row cells = page.row(i);
        const Style style = i == page.selected() ? Style::selected : cells.style;
        put_fitted(screen, row++, {line_of(cells.cells, page.columns(), widths), style});
    }
    if (size.rows > 0) put_fitted(screen, size.rows - 1, foot);
    screen.show();
}

void draw(Screen& screen, const std::vector<Line>& lines) {
    screen.clear();
    std::size_t row = 0;
    for (const Line& line : lines) put_fitted(screen, row++, line);
    screen.show();
}

std::string keys_at_foot(std::size_t columns, bool has_process) {
    std::string text;
    for (const KeyHelp& key : keys) {
        if (key.short_text.empty() || (key.needs_process && !has_process)) continue;
        const std::string more = fmt::format("{}{} {}", text.empty() ? "" : "  ", key.key, key.short_text);
        if (text.size() + more.size() > columns) break;
        text += more;
    }
    return text;
}

std::vector<Line> help_lines() {
    std::vector<Line> lines{{"threadwise top: keys", Style::heading}};
    for (const KeyHelp& key : keys) lines.push_back({fmt::format("{:>7}  {}", key.key, key.text), Style::plain});
    lines.push_back({"Any key leads back.", Style::faint});
    return lines;
}

}  // namespace command
