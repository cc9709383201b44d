// threadwise ps: the processes whose threads can be looked at.

#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "subcommands.hpp"
#include "terminal/terminal.hpp"
#include "threads/process_list.hpp"
#include "threads/summary.hpp"

namespace command {
namespace {

void print_table(const std::vector<ListedProcess>& processes) {
    std::cout << fmt::format("{:>7} {:>7} {:>7} {:>11} {:>6}  {}\n", "PID", "THREADS", "WAITING", "LONGEST", "CYCLES",
                             "COMMAND");
    for (const ListedProcess& row : processes) {
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

void print_json(const std::vector<ListedProcess>& processes) {
    const nlohmann::json document{{"processes", json_of(processes)}};
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
        end_without_reader();
        if (*json) {
            print_json(list_processes());
        } else {
            print_table(list_processes());
        }
        code = all_right;
    });
}

}  // namespace command
