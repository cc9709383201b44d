#pragma once
// Tables of text, as wide as a terminal or as their contents.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "terminal/style.hpp"

namespace command {

struct Column {
    std::string_view title;
    std::size_t width;        ///< at least
    std::size_t wanted = 0;   ///< where there is room for that
    unsigned share = 0;       ///< of the room that is left then; 0: the column does not grow
    bool is_number = false;   ///< then it is aligned on the right
    unsigned importance = 0;  ///< the least important columns are left out first where the terminal is narrow
    bool is_extra = false;    ///< left out before others get less than they want
};

struct Row {
    std::vector<std::string> cells;  ///< one for each column
    Style style = Style::plain;
};

/// How wide each of the columns is so that they take at most `available` in all; 0: it is left out.
std::vector<std::size_t> widths_for(std::span<const Column> columns, std::size_t available);

/// As wide as what is in them, and at least as their titles.
std::vector<std::size_t> natural_widths(std::span<const Column> columns, std::span<const Row> rows);

/// A line with these cells, without blanks at its end.
std::string line_of(std::span<const std::string> cells, std::span<const Column> columns,
                    std::span<const std::size_t> widths);

/// The line with the titles; an arrow marks the column that the rows are sorted by.
std::string heading_of(std::span<const Column> columns, std::span<const std::size_t> widths, std::size_t sorted_by,
                       bool is_reversed);

}  // namespace command
