#pragma once
// Progress bars on a terminal: one for each file under way, and one for the whole.

#include <chrono>
#include <cstddef>
#include <string>

#include "terminal/terminal.hpp"
#include "transfer/download_all.hpp"

namespace command {

/// The bars for `progress` as lines of text, each ended by a newline and none wider than the terminal: as many files
/// under way as fit, then the whole. `elapsed` gives the speed. Names have as many columns as they need and the
/// terminal has; where it is narrow, figures are short, and then bars are left out.
std::string format_bars(const BatchProgress& progress, TerminalSize size, Seconds elapsed, bool colors);

/// Draws the bars of one batch, each time over the last ones; the destructor erases them. Draws nothing unless it is on
/// a terminal.
class ProgressBars {
public:
    /// `descriptor` is where to draw, `visible` whether to.
    ProgressBars(const BatchProgress& progress, int descriptor, bool visible);
    ProgressBars(const ProgressBars&) = delete;
    ProgressBars& operator=(const ProgressBars&) = delete;
    ~ProgressBars();

    void draw();

private:
    std::string to_first_line() const;

    const BatchProgress& progress_;
    int descriptor_;
    bool visible_;
    bool colors_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    std::size_t lines_ = 0;  ///< that are on the screen now
};

}  // namespace command
