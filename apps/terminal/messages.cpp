#include "terminal/messages.hpp"

#include <fmt/format.h>

#include <string>

#include "terminal/terminal.hpp"

namespace command {

void print_problem(int descriptor, std::string_view what, std::string_view advice) {
    const bool colors = wants_colors(descriptor);
    std::string text = fmt::format("{}threadwise: {}", colors ? "\x1b[31m" : "", what);
    text += colors ? "\x1b[0m\n" : "\n";
    if (!advice.empty()) text += fmt::format("    {}\n", advice);
    write_text(descriptor, text);
}

}  // namespace command
