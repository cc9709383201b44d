#include "top/process_page.hpp"

#include <array>
#include <string>

#include "terminal/durations.hpp"

namespace command {
namespace {

enum ProcessColumn : std::size_t { pid, threads, waiting, longest, cycles, what };

constexpr std::array<Column, 6> process_columns{{
    {.title = "PID", .width = 8, .is_number = true, .importance = 6},
    {.title = "THREADS", .width = 8, .is_number = true, .importance = 3},
    {.title = "WAITING", .width = 8, .is_number = true, .importance = 2},
    {.title = "LONGEST", .width = 9, .is_number = true, .importance = 1},
    {.title = "CYCLES", .width = 7, .is_number = true, .importance = 4},
    {.title = "COMMAND", .width = 12, .share = 1, .importance = 5},
}};

}  // namespace

ProcessPage::ProcessPage() : Page(process_columns, ProcessColumn::threads) {}

Page::SortKey ProcessPage::key_of(const ListedProcess& process) const {
    const Summary summary = process.summary.value_or(Summary{});
    switch (sorted_by()) {
        case threads: return {static_cast<double>(summary.threads), {}};
        case waiting: return {static_cast<double>(summary.waiting), {}};
        case longest: return {summary.longest_wait, {}};
        case cycles: return {static_cast<double>(summary.cycles), {}};
        case what: return {0, process.command};
        default: return {-static_cast<double>(process.pid), {}};
    }
}

void ProcessPage::arrange(std::string_view filter) {
    order_.clear();
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        if (filter.empty() || contains(row_of(processes_[i]).cells, filter)) order_.push_back(i);
    }
    sort(order_, [&](std::size_t index) { return key_of(processes_[index]); });
}

Row ProcessPage::row_of(const ListedProcess& process) {
    Row row{.cells = std::vector<std::string>(process_columns.size(), "-")};
    auto& cells = row.cells;
    cells[pid] = std::to_string(process.pid);
    cells[what] = process.command;
    if (!process.summary) {
        row.style = Style::faint;
        return row;
    }
    cells[threads] = std::to_string(process.summary->threads);
    cells[waiting] = std::to_string(process.summary->waiting);
    cells[longest] = human_seconds(process.summary->longest_wait);
    cells[cycles] = std::to_string(process.summary->cycles);
    if (process.summary->cycles != 0) row.style = Style::alarm;
    return row;
}

std::optional<int> ProcessPage::selected_pid() const {
    if (order_.empty()) return std::nullopt;
    return processes_[order_[selected()]].pid;
}

}  // namespace command
