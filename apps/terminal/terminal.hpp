#pragma once
// Whether an output stream is a terminal, and what it can do.

#include <cstddef>
#include <string_view>

namespace command {

struct TerminalSize {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

/// Whether `descriptor` is a terminal that can move its cursor.
bool is_terminal(int descriptor);

/// Whether text for `descriptor` may be coloured: on a terminal, and unless NO_COLOR is set (https://no-color.org).
bool wants_colors(int descriptor);

TerminalSize terminal_size(int descriptor);

/// Writes all of `text` at once, so that lines of different threads do not mix.
void write_text(int descriptor, std::string_view text);

/// For subcommands that only print: a reader that closes the pipe, as `head` does, ends the process silently from now
/// on, by SIGPIPE, as it ends other programs.
void end_without_reader() noexcept;

}  // namespace command
