#include "threads/svg_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "terminal/durations.hpp"
#include "terminal/text.hpp"
#include "threads/summary.hpp"
#include "threads/wait_tree.hpp"

namespace command {
namespace {

using threadwise::inspect::Snapshot;
using threadwise::inspect::State;
using threadwise::inspect::ThreadInfo;

// In pixels.
constexpr std::size_t margin = 16;
constexpr std::size_t character = 8;  // of the font, at most
constexpr std::size_t box_height = 46;
constexpr std::size_t row_height = 62;
constexpr std::size_t indent = 40;
constexpr std::size_t most_indents = 24;
constexpr std::size_t padding = 10;

// Colours stand where they are used, and not in variables, which few programs but browsers know.
constexpr std::string_view style =
    "  <style>\n"
    "    text { font: 13px ui-monospace, monospace; fill: #24292f; }\n"
    "    .name { font-weight: bold; }\n"
    "    rect { fill: #f6f8fa; stroke: #57606a; }\n"
    "    .ground { fill: #ffffff; stroke: none; }\n"
    "    path { fill: none; stroke: #57606a; stroke-width: 1.5; }\n"
    "    .head { fill: #57606a; stroke: none; }\n"
    "    .cycle rect, path.cycle { stroke: #cf222e; }\n"
    "    path.head.cycle { fill: #cf222e; stroke: none; }\n"
    "    @media (prefers-color-scheme: dark) {\n"
    "      text { fill: #e6edf3; }\n"
    "      rect { fill: #161b22; stroke: #8b949e; }\n"
    "      .ground { fill: #0d1117; }\n"
    "      path { stroke: #8b949e; }\n"
    "      .head { fill: #8b949e; }\n"
    "      .cycle rect, path.cycle { stroke: #ff7b72; }\n"
    "      path.head.cycle { fill: #ff7b72; }\n"
    "    }\n"
    "  </style>\n"
    "  <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n";

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : fitted(text, columns_of(text))) {
        switch (c) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            default: result += c;
        }
    }
    return result;
}

/// Below the name: what the thread does.
std::string second_line(const ThreadInfo& thread, const Snapshot& snapshot) {
    if (thread.state != State::waits) return thread.state == State::starts ? "starts" : "runs";
    const auto& wait = thread.wait;
    std::string text = fmt::format("waits for {}", wait.kind);
    if (wait.object != 0) text += fmt::format(" {:#x}", wait.object);
    text += fmt::format(", {}", human_seconds(seconds_waited(thread, snapshot)));
    if (wait.where.line != 0) {
        text += fmt::format(", at {}:{}", wait.where.file.substr(wait.where.file.rfind('/') + 1), wait.where.line);
    }
    return text;
}

class Drawing {
public:
    explicit Drawing(const Snapshot& snapshot) : snapshot_(snapshot) {
        for (const auto& cycle : wait_cycles(snapshot)) in_cycle_.insert(cycle.begin(), cycle.end());
        place_boxes();
    }

    std::string text() {
        for (const Box& box : boxes_) draw_waits(box);
        for (const Box& box : boxes_) draw(box);
        const std::size_t width = right_edge_ + (lanes_ + 1) * lane_width + margin;
        const std::size_t height = 2 * margin + std::max<std::size_t>(boxes_.size(), 1) * row_height;
        if (boxes_.empty()) {
            drawn_ +=
                fmt::format("  <text x=\"{}\" y=\"{}\">No thread waits for another.</text>\n", margin, 2 * margin);
        }
        return fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
            "role=\"img\" aria-label=\"Which thread waits for which\">\n{2}{3}</svg>\n",
            std::max<std::size_t>(width, 240), height, style, drawn_);
    }

private:
    static constexpr std::size_t lane_width = 14;

    struct Box {
        const ThreadInfo* thread;
        std::size_t x;
        std::size_t y;
        std::size_t width;
        std::size_t depth;
        std::string second_line;

        std::size_t middle() const { return y + box_height / 2; }
    };

    /// Those that wait for others, and those that others wait for.
    std::vector<std::size_t> related() const {
        std::unordered_map<std::uint32_t, std::size_t> indices;
        for (std::size_t i = 0; i < snapshot_.threads.size(); ++i) indices.emplace(snapshot_.threads[i].ident, i);
        std::set<std::size_t> found;
        for (std::size_t i = 0; i < snapshot_.threads.size(); ++i) {
            const ThreadInfo& thread = snapshot_.threads[i];
            if (thread.state != State::waits) continue;
            for (const std::uint32_t owner : thread.wait.owners) {
                if (const auto at = indices.find(owner); at != indices.end()) found.insert({i, at->second});
            }
        }
        return {found.begin(), found.end()};
    }

    void place_boxes() {
        for (const TreeRow& row : wait_tree(snapshot_, related())) {
            const ThreadInfo& thread = snapshot_.threads[row.thread];
            Box box{&thread,
                    margin + std::min(row.depth, most_indents) * indent,
                    margin + boxes_.size() * row_height,
                    0,
                    row.depth,
                    second_line(thread, snapshot_)};
            const std::size_t columns = std::max(columns_of(thread.name), columns_of(box.second_line));
            box.width = 2 * padding + columns * character;
            right_edge_ = std::max(right_edge_, box.x + box.width);
            indices_.emplace(thread.ident, boxes_.size());
            boxes_.push_back(std::move(box));
        }
    }

    bool is_in_cycle(const Box& box) const { return in_cycle_.contains(box.thread->ident); }

    void draw(const Box& box) {
        drawn_ += fmt::format(
            "  <g{}>\n    <rect rx=\"6\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n"
            "    <text class=\"name\" x=\"{}\" y=\"{}\">{}</text>\n    <text x=\"{}\" y=\"{}\">{}</text>\n  </g>\n",
            is_in_cycle(box) ? " class=\"cycle\"" : "", box.x, box.y, box.width, box_height, box.x + padding,
            box.y + 18, escaped(box.thread->name), box.x + padding, box.y + 36, escaped(box.second_line));
    }

    void draw_waits(const Box& box) {
        if (box.thread->state != State::waits) return;
        bool is_first = true;
        for (const std::uint32_t ident : box.thread->wait.owners) {
            const auto found = indices_.find(ident);
            if (found == indices_.end()) continue;
            const Box& owner = boxes_[found->second];
            const char* const cycle = is_in_cycle(box) && is_in_cycle(owner) ? " cycle" : "";
            if (std::exchange(is_first, false) && box.depth > 0) {
                draw_up(box, owner, cycle);
            } else {
                draw_aside(box, owner, cycle);
            }
        }
    }

    /// To the box that it is below.
    void draw_up(const Box& box, const Box& owner, std::string_view cycle) {
        const std::size_t x = std::min(owner.x + indent / 2, box.x - indent / 4);
        const std::size_t tip = owner.y + box_height;
        drawn_ +=
            fmt::format("  <path class=\"wait{}\" d=\"M {} {} H {} V {}\"/>\n", cycle, box.x, box.middle(), x, tip + 8);
        drawn_ += fmt::format("  <path class=\"head{}\" d=\"M {} {} l -5 9 h 10 z\"/>\n", cycle, x, tip);
    }

    /// To any other one, in a lane of its own on the right.
    void draw_aside(const Box& box, const Box& owner, std::string_view cycle) {
        const std::size_t lane = right_edge_ + ++lanes_ * lane_width;
        const std::size_t from = box.middle() - 6;
        const std::size_t to = owner.middle() + 6;
        drawn_ += fmt::format("  <path class=\"wait{}\" d=\"M {} {} H {} V {} H {}\"/>\n", cycle, box.x + box.width,
                              from, lane, to, owner.x + owner.width + 8);
        drawn_ +=
            fmt::format("  <path class=\"head{}\" d=\"M {} {} l 9 -5 v 10 z\"/>\n", cycle, owner.x + owner.width, to);
    }

    const Snapshot& snapshot_;
    std::set<std::uint32_t> in_cycle_;
    std::vector<Box> boxes_;
    std::unordered_map<std::uint32_t, std::size_t> indices_;  ///< of boxes, by ident
    std::size_t right_edge_ = 0;
    std::size_t lanes_ = 0;
    std::string drawn_;
};

}  // namespace

std::string svg_of(const Snapshot& snapshot) { return Drawing(snapshot).text(); }

}  // namespace command
