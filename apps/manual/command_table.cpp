#include "manual/command_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <utility>

namespace command {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) parts.push_back(std::move(part));
    return parts;
}

ValueKind kind_of(std::string_view value) {
    constexpr std::array<std::pair<std::string_view, ValueKind>, 5> kinds{{{"FILE", ValueKind::file},
                                                                           {"DIR", ValueKind::folder},
                                                                           {"PATH", ValueKind::path},
                                                                           {"PID", ValueKind::process},
                                                                           {"SUBCOMMAND", ValueKind::subcommand}}};
    const auto found = std::ranges::find(kinds, value, &std::pair<std::string_view, ValueKind>::first);
    if (found != kinds.end()) return found->second;
    return ValueKind::text;
}

/// FILE of "FILE", N of "UINT:UINT in [1 - 1024]".
std::string value_name(const CLI::Option& option, const std::string& type) {
    if (option.get_items_expected_max() == 0) return "";
    if (option.get_positional()) return option.get_name(true);
    const bool is_number = type == "UINT" || type == "INT" || type == "FLOAT";
    return is_number ? "N" : type;
}

OptionEntry entry_of(const CLI::Option& option) {
    OptionEntry entry;
    for (const auto& name : option.get_snames()) entry.names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) entry.names.push_back("--" + name);
    if (option.get_positional()) entry.names.push_back(option.get_name(true));
    const std::string type = option.get_type_name().substr(0, option.get_type_name().find(':'));
    entry.value = value_name(option, type);
    entry.kind = entry.value.empty() ? ValueKind::none : kind_of(entry.value);
    if (type.find('|') != std::string::npos) {
        entry.kind = ValueKind::choice;
        entry.choices = split(type, '|');
    }
    entry.description = option.get_description();
    if (!option.get_default_str().empty()) entry.description += fmt::format(" ({})", option.get_default_str());
    entry.is_needed = option.get_required();
    entry.repeats = option.get_items_expected_max() > 1;
    return entry;
}

/// The footer of --help: paragraphs, and lines after "Examples:".
void read_footer(std::string_view footer, CommandEntry& entry) {
    constexpr std::string_view heading = "Examples:\n";
    const std::size_t begin = footer.find(heading);
    std::string paragraph;
    for (const std::string& line : split(std::string(footer.substr(0, begin)), '\n')) {
        if (line.empty()) {
            if (!paragraph.empty()) entry.notes.push_back(std::exchange(paragraph, {}));
        } else {
            paragraph += (paragraph.empty() ? "" : " ") + line;
        }
    }
    if (!paragraph.empty()) entry.notes.push_back(paragraph);
    if (begin == std::string_view::npos) return;
    for (const std::string& line : split(std::string(footer.substr(begin + heading.size())), '\n')) {
        if (!line.empty()) entry.examples.push_back(line.substr(std::min(line.find_first_not_of(' '), line.size())));
    }
}

CommandEntry entry_of(const CLI::App& app, std::string name) {
    CommandEntry entry;
    entry.name = std::move(name);
    entry.description = app.get_description();
    for (const CLI::Option* option : app.get_options()) {
        (option->get_positional() ? entry.positionals : entry.options).push_back(entry_of(*option));
    }
    read_footer(app.get_footer(), entry);
    return entry;
}

}  // namespace

std::vector<CommandEntry> command_table(const CLI::App& app) {
    std::vector<CommandEntry> table{entry_of(app, "")};
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(sub->get_name());
        table.push_back(entry_of(*sub, names.back()));
    }
    for (CommandEntry& entry : table) {
        for (OptionEntry& positional : entry.positionals) {
            if (positional.kind == ValueKind::subcommand) positional.choices = names;
        }
    }
    return table;
}

}  // namespace command
