#include "terminal/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

namespace command {
namespace {

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
    return value == nullptr ? "" : value;
}

}  // namespace

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1 && environment("TERM") != "dumb"; }

bool wants_colors(int descriptor) { return is_terminal(descriptor) && environment("NO_COLOR").empty(); }

TerminalSize terminal_size(int descriptor) {
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == -1 || size.ws_col == 0 || size.ws_row == 0) return {};
    return {size.ws_col, size.ws_row};
}

void write_text(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(descriptor, text.data(), text.size());
        if (count == -1 && errno != EINTR) return;  // the error cannot be reported
        if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
    }
}

void end_without_reader() noexcept { std::signal(SIGPIPE, SIG_DFL); }

}  // namespace command
