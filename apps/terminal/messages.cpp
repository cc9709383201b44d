#include "terminal/messages.hpp"

#include <fmt/format.h>

#include <string>

#include "terminal/terminal.hpp"

namespace command {

namespace {

// Text from servers and file names must not contain control sequences of the terminal.
std::string without_control_characters(std::string_view message) {
    std::string text;
    for (std::size_t i = 0; i < message.size(); ++i) {
        const auto byte = static_cast<unsigned char>(message[i]);
        const auto next = i + 1 < message.size() ? static_cast<unsigned char>(message[i + 1]) : 0;
        const bool is_c1 = byte == 0xc2 && next >= 0x80 && next < 0xa0;  // those of ISO 8859, in UTF-8
        const bool is_control = (byte < ' ' && byte != '\n') || byte == 0x7f || is_c1;
        text += is_control ? '?' : message[i];
        if (is_c1) ++i;
    }
    return text;
}

}  // namespace

void print_problem(int descriptor, std::string_view what, std::string_view advice) {
    const bool colors = wants_colors(descriptor);
    std::string text = fmt::format("{}threadwise: {}", colors ? "\x1b[31m" : "", without_control_characters(what));
    text += colors ? "\x1b[0m\n" : "\n";
    if (!advice.empty()) text += fmt::format("    {}\n", without_control_characters(advice));
    write_text(descriptor, text);
}

}  // namespace command
