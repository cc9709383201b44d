#include "terminal/screen.hpp"

// Functions instead of macros named clear, move and erase.
#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <fmt/format.h>
#include <langinfo.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utf8proc.h>

#include <array>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/failure.hpp"
#include "terminal/rescue.hpp"
#include "terminal/terminfo.hpp"

namespace command {
namespace {

sigset_t signals_of_terminal() {
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGWINCH);
    sigaddset(&signals, SIGTSTP);
    sigaddset(&signals, SIGCONT);
    return signals;
}

/// The rest of the command writes UTF-8 whatever the locale says; so does this.
void choose_utf8() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before other threads start
    if (std::setlocale(LC_CTYPE, "") == nullptr || std::string_view(::nl_langinfo(CODESET)) != "UTF-8") {
        std::setlocale(LC_CTYPE, "C.UTF-8");  // NOLINT(concurrency-mt-unsafe)
    }
}

[[noreturn]] void refuse_terminal() {
    const char* const kind = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nothing here changes it
    throw Failure(request_wrong,
                  kind == nullptr ? "it is not known what terminal this is: TERM is not set"
                                  : fmt::format("a terminal \"{}\" (TERM) is not known here", kind),
                  "set TERM, or use --once or --json");
}

enum Pair : short { red = 1, green = 2 };

void begin_colors() {
    ::start_color();
    ::use_default_colors();
    ::init_pair(red, COLOR_RED, -1);
    ::init_pair(green, COLOR_GREEN, -1);
}

attr_t attributes_of(Style style, bool colors) {
    switch (style) {
        case Style::plain: return A_NORMAL;
        case Style::heading: return A_BOLD;
        case Style::selected: return A_REVERSE;
        case Style::alarm: return colors ? A_BOLD | static_cast<attr_t>(COLOR_PAIR(red)) : A_BOLD;
        case Style::active: return colors ? static_cast<attr_t>(COLOR_PAIR(green)) : A_NORMAL;
        case Style::faint: break;
    }
    return A_DIM;
}

using Kind = Key::Kind;

Kind function_key(wint_t code) {
    switch (code) {
        case KEY_UP: return Kind::up;
        case KEY_DOWN: return Kind::down;
        case KEY_PPAGE: return Kind::page_up;
        case KEY_NPAGE: return Kind::page_down;
        case KEY_HOME: return Kind::home;
        case KEY_END: return Kind::end;
        case KEY_ENTER: return Kind::enter;
        case KEY_BACKSPACE: return Kind::backspace;
        default: return Kind::none;
    }
}

std::string utf8(wint_t character) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), bytes.data());
    return {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(count)};
}

Key character_key(wint_t character) {
    constexpr wint_t escape = 0x1B;
    constexpr wint_t del = 0x7F;
    constexpr wint_t control_l = 0x0C;
    switch (character) {
        case '\n':
        case '\r': return {Kind::enter, {}};
        case '\t': return {Kind::tab, {}};
        case '\b':
        case del: return {Kind::backspace, {}};
        case escape: return {Kind::escape, {}};
        case control_l: ::clearok(curscr, true); return {Kind::redraw, {}};
        default: break;
    }
    return character < ' ' ? Key{} : Key{Kind::text, utf8(character)};
}

/// After another program had the terminal.
void take_back() {
    ::reset_prog_mode();
    ::clearok(curscr, true);
    ::doupdate();
}

/// As Ctrl-Z does to any program; returns when this one goes on.
void stop_until_continued() {
    ::endwin();
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGTSTP);
    struct sigaction previous {};
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &standard, &previous);
    raise(SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // here it stops
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    sigaction(SIGTSTP, &previous, nullptr);
    take_back();
}

/// ncurses would believe the variables LINES and COLUMNS.
void follow_size() {
    const TerminalSize now = terminal_size(STDOUT_FILENO);
    ::resizeterm(static_cast<int>(now.rows), static_cast<int>(now.columns));
}

}  // namespace

Screen::Screen() : colors_(wants_colors(STDOUT_FILENO)) {
    if (!is_terminal(STDOUT_FILENO) || !is_terminal(STDIN_FILENO)) refuse_terminal();
    choose_utf8();
    const std::optional<std::string> ending = bytes_to_leave_terminal(STDOUT_FILENO);
    if (!ending) refuse_terminal();
    const sigset_t signals = signals_of_terminal();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    stop_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    begin_rescue(*ending);
    ::initscr();
    follow_size();
    ::cbreak();
    ::noecho();
    ::nonl();
    ::keypad(stdscr, true);
    ::nodelay(stdscr, true);
    constexpr int escape_delay = 25;  // milliseconds until an escape is a key of its own
    ::set_escdelay(escape_delay);
    ::curs_set(0);
    if (colors_ && ::has_colors()) begin_colors();
}

Screen::~Screen() {
    ::endwin();
    end_rescue();
    ::close(signals_);
    ::close(stop_);
}

TerminalSize Screen::size() const {
    return {.columns = static_cast<std::size_t>(::getmaxx(stdscr)),
            .rows = static_cast<std::size_t>(::getmaxy(stdscr))};
}

void Screen::clear() { ::werase(stdscr); }

void Screen::put(std::size_t row, std::size_t column, std::string_view text, Style style) {
    const TerminalSize edge = size();
    if (row >= edge.rows || column >= edge.columns) return;
    ::wattrset(stdscr, static_cast<int>(attributes_of(style, colors_ && ::has_colors())));
    ::wmove(stdscr, static_cast<int>(row), static_cast<int>(column));
    ::waddnstr(stdscr, text.data(), static_cast<int>(text.size()));
}

void Screen::show() { ::wrefresh(stdscr); }

Key Screen::next_key(std::chrono::milliseconds at_most, const std::stop_token& stop) {
    // Before the terminal is asked: ncurses may have read several keys at once.
    if (Key key = read_key(); key.kind != Kind::none) return key;
    const std::stop_callback wake(stop, [this] {
        const std::uint64_t one = 1;
        static_cast<void>(::write(stop_, &one, sizeof(one)));
    });
    std::array<pollfd, 3> waited{{{STDIN_FILENO, POLLIN, 0}, {signals_, POLLIN, 0}, {stop_, POLLIN, 0}}};
    if (::poll(waited.data(), waited.size(), static_cast<int>(at_most.count())) <= 0) return {};
    if (waited[2].revents != 0) return {Kind::stopped, {}};
    if (waited[1].revents != 0) return handle_signal();
    if ((waited[0].revents & POLLIN) == 0) return {Kind::closed, {}};
    return read_key();
}

Key Screen::read_key() {
    wint_t code = 0;
    switch (::wget_wch(stdscr, &code)) {
        case OK: return character_key(code);
        case KEY_CODE_YES: return {function_key(code), {}};
        default: return {};
    }
}

Key Screen::handle_signal() {
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
        if (info.ssi_signo == static_cast<std::uint32_t>(SIGTSTP)) stop_until_continued();
        if (info.ssi_signo == static_cast<std::uint32_t>(SIGCONT)) take_back();
    }
    follow_size();
    return {Kind::redraw, {}};
}

}  // namespace command
