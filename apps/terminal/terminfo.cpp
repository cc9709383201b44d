#include "terminal/terminfo.hpp"

#include <curses.h>

// It defines macros with the names of many things, and so must be alone.
#include <term.h>

namespace command {
namespace {

std::string capability(const char* name) {
    const char* const bytes = ::tigetstr(name);
    const bool is_there = bytes != nullptr && bytes != reinterpret_cast<const char*>(-1);
    return is_there ? bytes : "";
}

}  // namespace

std::optional<std::string> bytes_to_leave_terminal(int descriptor) {
    int error = 0;
    if (::setupterm(nullptr, descriptor, &error) == ERR) return std::nullopt;
    std::string bytes = capability("sgr0") + capability("rmkx") + capability("cnorm") + capability("rmcup");
    ::del_curterm(cur_term);  // curses makes one of its own
    return bytes;
}

}  // namespace command
