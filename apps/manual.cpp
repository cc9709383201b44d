// threadwise manual: the command's pages for man(1).

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

#include "manual/man_page.hpp"
#include "subcommands.hpp"
#include "terminal/suggestion.hpp"
#include "terminal/terminal.hpp"

namespace command {
namespace {

const CommandEntry& find_entry(const std::vector<CommandEntry>& table, const std::string& name) {
    const auto found = std::ranges::find(table, name, &CommandEntry::name);
    if (found != table.end()) return *found;
    std::vector<std::string> names;
    names.reserve(table.size());
    for (const CommandEntry& entry : table) names.push_back(entry.name);
    const std::string nearest = nearest_word(name, names);
    throw Failure(request_wrong, fmt::format("there is no subcommand \"{}\"", name),
                  nearest.empty() ? "threadwise --help lists what there is" : fmt::format("did you mean {}?", nearest));
}

}  // namespace

void add_manual(CLI::App& app, ExitCode& code) {
    auto name = std::make_shared<std::string>();
    auto* sub = app.add_subcommand("manual", "Print the manual page of the command or a subcommand, for man");
    sub->add_option("SUBCOMMAND", *name, "The subcommand; without it, the page of the command itself");
    sub->footer(
        "Installed packages have them in place already: man threadwise-download.\n"
        "\n"
        "Examples:\n"
        "  threadwise manual download | man -l -\n"
        "  threadwise manual > threadwise.1");
    sub->callback([name, sub, &code] {
        end_without_reader();
        const auto table = command_table(*sub->get_parent());
        std::cout << man_page(table, find_entry(table, *name));
        code = all_right;
    });
}

}  // namespace command
