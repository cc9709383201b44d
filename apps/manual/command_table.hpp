#pragma once
// What the command's subcommands and options are, taken from its own parser, so that manuals and shells' completions
// say the same as --help.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace command {

/// What a shell can offer for a value.
enum class ValueKind { none, text, file, folder, path, process, subcommand, choice };

struct OptionEntry {
    std::vector<std::string> names;    ///< with their dashes, short ones first; one without, if it is positional
    std::string value;                 ///< as --help calls it: FILE, N; "" for a flag
    ValueKind kind = ValueKind::none;  ///< none: it is a flag
    std::vector<std::string> choices;  ///< of `subcommand` and `choice`
    std::string description;           ///< with the default
    bool is_needed = false;
    bool repeats = false;
};

struct CommandEntry {
    std::string name;  ///< "" of the command itself
    std::string description;
    std::vector<OptionEntry> options;
    std::vector<OptionEntry> positionals;
    std::vector<std::string> notes;     ///< paragraphs
    std::vector<std::string> examples;  ///< lines
};

/// The command itself, and then its subcommands, in the order of --help.
std::vector<CommandEntry> command_table(const CLI::App& app);

}  // namespace command
