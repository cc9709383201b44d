#pragma once
// One picture on the terminal: lines about the whole, a table, and the keys at the foot.

#include <string>
#include <vector>

#include "terminal/screen.hpp"
#include "top/page.hpp"
#include "top/watched.hpp"

namespace command {

struct Line {
    std::string text;
    Style style = Style::plain;
};

/// What is above the table: the process, and how its threads fare.
std::vector<Line> head_of(Watched& watched);

/// Of the terminal's rows, those that a table has below so many lines.
std::size_t rows_of_table(std::size_t rows, std::size_t head_lines);

/// Draws the page, of which the selected row is made visible; `foot` on the last row.
void draw(Screen& screen, const std::vector<Line>& head, Page& page, const Line& foot);

/// Draws lines alone, as many as fit.
void draw(Screen& screen, const std::vector<Line>& lines);

/// As many of the keys as fit into a row, the most important ones first.
std::string keys_at_foot(std::size_t columns, bool has_process);

/// All keys, a line each.
std::vector<Line> help_lines();

}  // namespace command
