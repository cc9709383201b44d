#include "terminal/progress_bars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "terminal/sizes.hpp"

namespace command {
namespace {

using State = FileProgress::State;

constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view plain = "\x1b[0m";

constexpr std::size_t name_width = 24;
constexpr std::size_t figures_width = 28;

// UTF-8's continuation bytes take no column.
bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

// Exactly `width` columns: the end of a name that is too long gives way to a tilde.
std::string fitted(std::string_view text, std::size_t width) {
    const auto columns = static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
    if (columns <= width) return std::string(text) + std::string(width - columns, ' ');
    std::string cut;
    std::size_t used = 0;
    for (const char c : text) {
        if (begins_character(c) && ++used == width) break;
        cut += c;
    }
    return cut + "~";
}

double fraction(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
}

struct Line {
    std::string name;
    std::string figures;
    double done = 0;
    std::string_view color;
};

std::string format_line(const Line& line, std::size_t columns, bool colors) {
    const std::string name = fitted(line.name, name_width);
    const std::string figures = fitted(line.figures, figures_width);
    const std::size_t frame = name_width + figures_width + 4;  // " [" and "] "
    if (columns <= frame) return fitted(line.name + " " + line.figures, columns) + "\n";

    const std::size_t width = columns - frame;
    const auto filled = static_cast<std::size_t>(line.done * static_cast<double>(width));
    return fmt::format("{} [{}{}{}{:{}}] {}\n", name, colors ? line.color : "", std::string(filled, '#'),
                       colors ? plain : "", "", width - filled, figures);
}

Line line_of(const FileProgress& file) {
    const std::uint64_t received = file.received();
    const std::uint64_t total = file.total();
    Line line{.name = file.name,
              .figures = human_size(static_cast<double>(received)),
              .done = fraction(received, total),
              .color = green};
    if (total != 0) line.figures += " of " + human_size(static_cast<double>(total));
    if (file.state() == State::retrying) {
        line.figures = "waits to try again";
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
            .done = progress.empty() ? 1 : done / static_cast<double>(progress.size()),
            .color = green};
}

}  // namespace

std::string format_bars(const BatchProgress& progress, TerminalSize size, Seconds elapsed, bool colors) {
    // The last column stays free, because terminals differ in what they do after writing it; so do the last rows.
    const std::size_t columns = std::max<std::size_t>(size.columns, 2) - 1;
    std::size_t room = std::max<std::size_t>(size.rows, 3) - 2;
    std::string text;
    for (const auto& file : progress) {
        const bool under_way = file->state() == State::running || file->state() == State::retrying;
        if (!under_way || room == 0) continue;
        text += format_line(line_of(*file), columns, colors);
        --room;
    }
    return text + format_line(line_of_all(progress, elapsed), columns, colors);
}

ProgressBars::ProgressBars(const BatchProgress& progress, int descriptor, bool visible)
    : progress_(progress),
      descriptor_(descriptor),
      visible_(visible && is_terminal(descriptor)),
      colors_(wants_colors(descriptor)) {}

ProgressBars::~ProgressBars() {
    if (visible_) write_text(descriptor_, erase());
}

void ProgressBars::draw() {
    if (!visible_) return;
    const Seconds elapsed = std::chrono::steady_clock::now() - begin_;
    const std::string bars = format_bars(progress_, terminal_size(descriptor_), elapsed, colors_);
    write_text(descriptor_, erase() + bars);
    lines_ = static_cast<std::size_t>(std::ranges::count(bars, '\n'));
}

std::string ProgressBars::erase() const {
    // Up to the first of the lines, and from there to the end of the screen.
    return lines_ == 0 ? std::string() : fmt::format("\x1b[{}F\x1b[J", lines_);
}

}  // namespace command
