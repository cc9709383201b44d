// threadwise ps: the processes whose threads can be looked at.

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "subcommands.hpp"
#include "threads/summary.hpp"
#include "threadwise/process_view.hpp"

namespace command {
namespace {

using threadwise::inspect::ProcessError;
using threadwise::inspect::ProcessView;

struct Row {
    int pid;
    std::string command;             ///< or why the process cannot be looked at
    std::optional<Summary> summary;  ///< none: it cannot
};

/// Nothing of one that has ended meanwhile.
std::optional<Row> row_of(int pid) {
    try {
        const ProcessView view(pid);
        return Row{pid, view.command(), summary_of(view.snapshot())};
    } catch (const ProcessError& error) {
        if (error.reason() == ProcessError::Reason::other_version) return Row{pid, error.what(), std::nullopt};
        return std::nullopt;
    }
}

std::vector<Row> all_rows() {
    std::vector<Row> rows;
    for (const int pid : threadwise::inspect::processes()) {
        if (pid == ::getpid()) continue;
        if (auto row = row_of(pid)) rows.push_back(std::move(*row));
    }
    return rows;
}

void print_table(const std::vector<Row>& rows) {
    std::cout << fmt::format("{:>7} {:>7} {:>7} {:>11} {:>6}  {}\n", "PID", "THREADS", "WAITING", "LONGEST", "CYCLES",
                             "COMMAND");
    for (const Row& row : rows) {
        if (row.summary) {
            const Summary& s = *row.summary;
            std::cout << fmt::format("{:>7} {:>7} {:>7} {:>9.1f} s {:>6}  {}\n", row.pid, s.threads, s.waiting,
                                     s.longest_wait, s.cycles, printable(row.command));
        } else {
            std::cout << fmt::format("{:>7} {:>7} {:>7} {:>11} {:>6}  ({})\n", row.pid, "-", "-", "-", "-",
                                     printable(row.command));
        }
    }
}

void print_json(const std::vector<Row>& rows) {
    nlohmann::json processes = nlohmann::json::array();
    for (const Row& row : rows) {
        nlohmann::json process{{"pid", row.pid}};
        process[row.summary ? "command" : "error"] = row.command;
        if (row.summary) {
            process["threads"] = row.summary->threads;
            process["waiting"] = row.summary->waiting;
            process["longest_wait"] = row.summary->longest_wait;
            process["cycles"] = row.summary->cycles;
        }
        processes.push_back(std::move(process));
    }
    const nlohmann::json document{{"processes", std::move(processes)}};
    std::cout << document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace

void add_ps(CLI::App& app, ExitCode& code) {
    auto json = std::make_shared<bool>(false);
    auto* sub = app.add_subcommand("ps", "List the processes that use threadwise, and how their threads fare");
    sub->add_flag("--json", *json, "Print JSON");
    sub->footer(
        "Examples:\n"
        "  threadwise ps\n"
        "  threadwise ps --json");
    sub->callback([json, &code] {
        if (*json) {
            print_json(all_rows());
        } else {
            print_table(all_rows());
        }
        code = all_right;
    });
}

}  // namespace command
