#include "terminal/progress_bars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "terminal/sizes.hpp"
#include "terminal/text.hpp"

namespace command {
namespace {

using State = FileProgress::State;

constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view plain = "\x1b[0m";

double fraction(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
}

struct Line {
    std::string name;
    std::string figures;
    std::string short_figures;  ///< where the terminal is narrow
    double done = 0;
    std::string_view color;
};

/// How the columns of a line are divided: NAME [BAR] FIGURES.
struct Layout {
    std::size_t name;
    std::size_t bar;  ///< within its brackets; 0: none
    std::size_t figures;
    bool is_wide;
};

/// Of `columns` in all, where the longest name takes `longest`. Names come first, then figures, then bars.
Layout layout_for(std::size_t columns, std::size_t longest) {
    constexpr std::size_t frame = 3;  // " [" and "]"
    constexpr std::size_t smallest_bar = 8;
    constexpr std::size_t smallest_name = 12;
    const bool is_wide = columns >= 72;
    const std::size_t figures = is_wide ? 28 : 10;
    if (columns < smallest_name + figures + 1) return {.name = columns, .bar = 0, .figures = 0, .is_wide = false};
    const std::size_t rest = columns - figures - 1;
    const bool has_bar = rest >= smallest_name + frame + smallest_bar;
    const std::size_t name = std::min(longest, has_bar ? rest - frame - smallest_bar : rest);
    return {.name = name, .bar = has_bar ? rest - frame - name : 0, .figures = columns - rest - 1, .is_wide = is_wide};
}

std::string format_line(const Line& line, const Layout& layout, bool colors) {
    const std::string& figures = layout.is_wide ? line.figures : line.short_figures;
    if (layout.figures == 0) return fitted(figures + " " + line.name, layout.name) + "\n";
    const std::string start = fitted(line.name, layout.name);
    const std::string end = fitted(figures, layout.figures);
    if (layout.bar == 0) return fmt::format("{} {}\n", start, end);

    const auto filled = static_cast<std::size_t>(line.done * static_cast<double>(layout.bar));
    return fmt::format("{} [{}{}{}{:{}}] {}\n", start, colors ? line.color : "", std::string(filled, '#'),
                       colors ? plain : "", "", layout.bar - filled, end);
}

Line line_of(const FileProgress& file) {
    const std::uint64_t received = file.received();
    const std::uint64_t total = file.total();
    const double done = fraction(received, total);
    const std::string size = human_size(static_cast<double>(received));
    Line line{.name = file.name, .figures = size, .short_figures = size, .done = done, .color = green};
    if (total != 0) {
        line.figures += " of " + human_size(static_cast<double>(total));
        line.short_figures = fmt::format("{:.0f} %", std::floor(100 * done));
    }
    if (file.state() == State::retrying) {
        line.figures = "waits to try again";
        line.short_figures = "waits";
        line.color = yellow;
    }
    return line;
}

Line line_of_all(const BatchProgress& progress, Seconds elapsed) {
    std::size_t finished = 0;
    std::uint64_t received = 0;
    double done = 0;
    for (const auto& file : progress) {
        const bool ended = file->state() == State::done || file->state() == State::failed;
        finished += ended ? 1 : 0;
        received += file->received();
        done += ended ? 1 : fraction(file->received(), file->total());
    }
    const auto bytes = static_cast<double>(received);
    const double speed = elapsed.count() > 0 ? bytes / elapsed.count() : 0;
    return {.name = fmt::format("{} of {} files", finished, progress.size()),
            .figures = fmt::format("{}, {}/s", human_size(bytes), human_size(speed)),
            .short_figures = human_size(speed) + "/s",
            .done = progress.empty() ? 1 : done / static_cast<double>(progress.size()),
            .color = green};
}

/// Of all files, so that the bars do not move while one file follows another; `at_least` so many columns.
std::size_t longest_name(const BatchProgress& progress, std::size_t at_least) {
    std::size_t longest = at_least;
    for (const auto& file : progress) longest = std::max(longest, columns_of(file->name));
    return longest;
}

}  // namespace

std::string format_bars(const BatchProgress& progress, TerminalSize size, Seconds elapsed, bool colors) {
    // The last column stays free, because terminals differ in what they do after writing it; so do the last rows.
    const std::size_t columns = std::max<std::size_t>(size.columns, 2) - 1;
    std::size_t rows = std::max<std::size_t>(size.rows, 3) - 2;
    const Line all = line_of_all(progress, elapsed);
    const Layout layout = layout_for(columns, longest_name(progress, columns_of(all.name)));
    std::string text;
    for (const auto& file : progress) {
        const bool under_way = file->state() == State::running || file->state() == State::retrying;
        if (!under_way || rows == 0) continue;
        text += format_line(line_of(*file), layout, colors);
        --rows;
    }
    return text + format_line(all, layout, colors);
}

namespace {

/// What each line does not cover of the one before is erased.
std::string erasing_line_ends(std::string_view lines) {
    std::string text;
    for (const char c : lines) {
        if (c == '\n') text += "\x1b[K";
        text += c;
    }
    return text;
}

std::string blank_lines(std::size_t count) { return erasing_line_ends(std::string(count, '\n')); }

}  // namespace

ProgressBars::ProgressBars(const BatchProgress& progress, int descriptor, bool visible)
    : progress_(progress),
      descriptor_(descriptor),
      visible_(visible && is_terminal(descriptor)),
      colors_(wants_colors(descriptor)) {}

ProgressBars::~ProgressBars() {
    if (!visible_ || lines_ == 0) return;
    write_text(descriptor_, to_first_line() + blank_lines(lines_) + to_first_line());
}

void ProgressBars::draw() {
    if (!visible_) return;
    const Seconds elapsed = std::chrono::steady_clock::now() - begin_;
    const TerminalSize size = terminal_size(descriptor_);
    const std::string bars = format_bars(progress_, size, elapsed, colors_);
    const auto count = static_cast<std::size_t>(std::ranges::count(bars, '\n'));
    // A terminal that has become smaller has moved the first lines out of reach.
    lines_ = std::min(lines_, std::max<std::size_t>(size.rows, 2) - 1);
    const std::string frame = to_first_line() + erasing_line_ends(bars);
    // The lines stay as many as they were, or else those below would have to be erased as a screen: some terminals keep
    // an erased screen in what can be scrolled back to, ten times a second.
    const std::size_t spare = lines_ > count ? lines_ - count : 0;
    write_text(descriptor_, frame + blank_lines(spare));
    lines_ = count + spare;
}

std::string ProgressBars::to_first_line() const {
    return lines_ == 0 ? std::string() : fmt::format("\x1b[{}F", lines_);
}

}  // namespace command
