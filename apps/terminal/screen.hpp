#pragma once
// A terminal taken over as a whole: rows of text in a few styles, and keys. ncurses draws what has changed.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "terminal/style.hpp"
#include "terminal/terminal.hpp"

namespace command {

/// One key, or what else ends the wait for one.
struct Key {
    enum class Kind : std::uint8_t {
        none,  ///< the time is over, or a key without a meaning here
        text,
        up,
        down,
        page_up,
        page_down,
        home,
        end,
        enter,
        escape,
        backspace,
        tab,
        redraw,   ///< the terminal has another size, or its contents are not what they were
        stopped,  ///< the stop token's doing
        closed,   ///< there is no terminal any more
    };
    Kind kind = Kind::none;
    std::string text;  ///< of Kind::text: one character, as UTF-8
};

/// The terminal behind standard input and output, from its construction to its destruction. There may be one at a time.
/// Signals that end the program put the terminal back, too; Ctrl-Z does, until the program goes on.
class Screen {
public:
    /// Construct it before other threads start: they inherit that signals of the terminal are left to it. Throws
    /// Failure if that is no terminal, or of an unknown kind.
    Screen();
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    TerminalSize size() const;

    void clear();

    /// What lies beyond the edges is left out.
    void put(std::size_t row, std::size_t column, std::string_view text, Style style);

    /// Makes what was put since the last time visible.
    void show();

    /// Waits until there is one, at most so long.
    Key next_key(std::chrono::milliseconds at_most, const std::stop_token& stop);

private:
    Key read_key();
    Key handle_signal();

    bool colors_;
    int signals_ = -1;  ///< a signalfd
    int stop_ = -1;     ///< an eventfd
};

}  // namespace command
