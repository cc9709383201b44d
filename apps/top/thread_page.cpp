#include "top/thread_page.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "terminal/durations.hpp"
#include "top/wait_texts.hpp"

namespace command {
namespace {

using threadwise::inspect::State;
using threadwise::inspect::ThreadInfo;

enum ThreadColumn : std::size_t { name, native_id, state, waited, cpu, time, what, holder, where };

constexpr std::array<Column, 9> thread_columns{{
    {.title = "NAME", .width = 10, .wanted = 14, .share = 3, .importance = 9},
    {.title = "TID", .width = 8, .is_number = true, .importance = 2, .is_extra = true},
    {.title = "STATE", .width = 6, .importance = 4},
    {.title = "WAITED", .width = 9, .is_number = true, .importance = 8},
    {.title = "CPU %", .width = 6, .is_number = true, .importance = 5},
    {.title = "TIME", .width = 9, .is_number = true, .importance = 1, .is_extra = true},
    {.title = "FOR", .width = 9, .wanted = 20, .share = 3, .importance = 7},
    {.title = "HOLDER", .width = 9, .wanted = 12, .share = 2, .importance = 6},
    {.title = "AT", .width = 12, .wanted = 16, .share = 2, .importance = 3},
}};

const char* state_text(const ThreadInfo& thread, bool is_in_cycle) {
    if (is_in_cycle) return "cycle";
    switch (thread.state) {
        case State::starts: return "starts";
        case State::runs: return "runs";
        case State::waits: return "waits";
        case State::has_ended: break;
    }
    return "ended";
}

Style style_of(const ThreadInfo& thread, bool is_in_cycle) {
    if (is_in_cycle) return Style::alarm;
    if (thread.state == State::runs) return Style::active;
    return is_idle_worker(thread) ? Style::faint : Style::plain;
}

}  // namespace

ThreadPage::ThreadPage(Watched& watched) : Page(thread_columns, ThreadColumn::waited), watched_(watched) {}

Page::SortKey ThreadPage::key_of(const ThreadInfo& thread) {
    const auto used = [&] { return watched_.cpu_of(thread).value_or(CpuUse{}); };
    switch (sorted_by()) {
        case native_id: return {-static_cast<double>(thread.native_id), {}};
        case state: return {watched_.is_in_cycle(thread) ? 1.0 : 0.0, state_text(thread, false)};
        case waited: return {seconds_waited(thread, watched_.snapshot()), {}};
        case cpu: return {used().share.value_or(0), {}};
        case time: return {used().seconds, {}};
        case what: return {0, what_text(thread)};
        case holder: return {0, holder_text(thread, watched_)};
        case where: return {0, where_text(thread)};
        default: return {0, thread.name};
    }
}

void ThreadPage::arrange(std::string_view filter) {
    const auto& threads = watched_.snapshot().threads;
    std::vector<std::size_t> order(threads.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    sort(order, [&](std::size_t index) { return key_of(threads[index]); });
    rows_.clear();
    if (is_tree_) {
        rows_ = wait_tree(watched_.snapshot(), order);
    } else {
        for (const std::size_t index : order) rows_.push_back({index, "", 0});
    }
    if (filter.empty()) return;
    std::erase_if(rows_, [&](const TreeRow& row) { return !contains(texts_of(threads[row.thread]), filter); });
}

std::vector<std::string> ThreadPage::texts_of(const ThreadInfo& thread) const {
    return {thread.name, state_text(thread, watched_.is_in_cycle(thread)), what_text(thread),
            holder_text(thread, watched_), where_text(thread)};
}

Row ThreadPage::row(std::size_t index) { return row_of(rows_[index]); }

Row ThreadPage::row_of(const TreeRow& row) {
    const ThreadInfo& thread = watched_.snapshot().threads[row.thread];
    const bool is_in_cycle = watched_.is_in_cycle(thread);
    const auto used = watched_.cpu_of(thread);
    const bool waits = thread.state == State::waits;
    Row result{.cells = std::vector<std::string>(thread_columns.size()), .style = style_of(thread, is_in_cycle)};
    auto& cells = result.cells;
    cells[name] = row.branch + thread.name;
    cells[native_id] = thread.native_id == 0 ? "-" : std::to_string(thread.native_id);
    cells[state] = state_text(thread, is_in_cycle);
    cells[waited] = waits ? human_seconds(seconds_waited(thread, watched_.snapshot())) : "-";
    cells[cpu] = used && used->share ? fmt::format("{:.1f}", 100 * *used->share) : "-";
    cells[time] = used ? human_seconds(used->seconds) : "-";
    cells[what] = what_text(thread);
    cells[holder] = holder_text(thread, watched_);
    cells[where] = where_text(thread);
    return result;
}

}  // namespace command
