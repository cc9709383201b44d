#include "manual/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>

namespace command {
namespace {

/// The processes that can be looked at, a line each.
constexpr std::string_view list_processes = "threadwise ps 2>/dev/null | awk 'NR > 1 { print $1 }'";

std::string join(const std::vector<std::string>& words, std::string_view separator) {
    return fmt::format("{}", fmt::join(words, separator));
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
    return text;
}

std::span<const CommandEntry> subcommands(const std::vector<CommandEntry>& table) {
    return std::span(table).subspan(1);
}

std::string names_of_subcommands(const std::vector<CommandEntry>& table) {
    std::string names;
    for (const CommandEntry& entry : subcommands(table)) names += entry.name + " ";
    return names + "help";
}

std::string names_of_options(const CommandEntry& entry) {
    std::string names;
    for (const OptionEntry& option : entry.options) names += (names.empty() ? "" : " ") + join(option.names, " ");
    return names;
}

/// What bash does for a value; "" for text, of which nothing is known.
std::string bash_values(const OptionEntry& option) {
    switch (option.kind) {
        case ValueKind::file:
        case ValueKind::path: return "_threadwise_offer -o filenames -f";
        case ValueKind::folder: return "_threadwise_offer -o filenames -d";
        case ValueKind::process: return fmt::format("_threadwise_offer -W \"$({})\"", list_processes);
        case ValueKind::subcommand:
        case ValueKind::choice: return fmt::format("_threadwise_offer -W \"{}\"", join(option.choices, " "));
        case ValueKind::none:
        case ValueKind::text: break;
    }
    return "";
}

std::string bash_case(const CommandEntry& entry) {
    std::string text = fmt::format("    {})\n        case $before in\n", entry.name);
    for (const OptionEntry& option : entry.options) {
        if (option.kind == ValueKind::none) continue;
        const std::string values = bash_values(option);
        text += fmt::format("        {}) {} ;;\n", join(option.names, "|"), values.empty() ? ":" : values);
    }
    std::string otherwise = entry.positionals.empty() ? "" : bash_values(entry.positionals.front());
    if (otherwise.empty()) otherwise = ":";
    return text + fmt::format(
                      "        *)\n            case $word in\n"
                      "            -*) _threadwise_offer -W \"{}\" ;;\n            *) {} ;;\n            esac\n"
                      "            ;;\n        esac\n        ;;\n",
                      names_of_options(entry), otherwise);
}

/// A description between zsh's brackets, in single quotes.
std::string zsh_text(const std::string& text) {
    std::string quoted = replace_all(text, "'", "'\\''");
    for (const char special : {'[', ']', ':'}) {
        quoted = replace_all(quoted, std::string(1, special), std::string("\\") + special);
    }
    return quoted;
}

std::string zsh_values(const OptionEntry& option) {
    switch (option.kind) {
        case ValueKind::file:
        case ValueKind::path: return "_files";
        case ValueKind::folder: return "_files -/";
        case ValueKind::process: return "_threadwise_processes";
        case ValueKind::subcommand:
        case ValueKind::choice: return fmt::format("({})", join(option.choices, " "));
        case ValueKind::none:
        case ValueKind::text: break;
    }
    return " ";
}

std::string zsh_option(const OptionEntry& option) {
    const std::string value =
        option.kind == ValueKind::none
            ? ""
            : fmt::format(":{}:{}", option.kind == ValueKind::choice ? "choice" : option.value, zsh_values(option));
    const std::string rest = fmt::format("[{}]{}", zsh_text(option.description), value);
    if (option.names.size() == 1) return fmt::format(" \\\n            '{}{}'", option.names.front(), rest);
    return fmt::format(" \\\n            '({})'{{{}}}'{}'", join(option.names, " "), join(option.names, ","), rest);
}

std::string zsh_case(const CommandEntry& entry) {
    std::string text = fmt::format("        {})\n            _arguments -s", entry.name);
    for (const OptionEntry& option : entry.options) text += zsh_option(option);
    for (const OptionEntry& option : entry.positionals) {
        text +=
            fmt::format(" \\\n            '{}{}:{}'", option.repeats ? "*:" : "1:", option.value, zsh_values(option));
    }
    return text + "\n            ;;\n";
}

std::string fish_text(const std::string& text) { return replace_all(replace_all(text, "\\", "\\\\"), "'", "\\'"); }

std::string fish_values(const OptionEntry& option) {
    switch (option.kind) {
        case ValueKind::file:
        case ValueKind::path: return " -rF";
        case ValueKind::folder: return " -xa '(__fish_complete_directories)'";
        case ValueKind::process:
            return fmt::format(" -xa \"({})\"", replace_all(std::string(list_processes), "$", "\\$"));
        case ValueKind::subcommand:
        case ValueKind::choice: return fmt::format(" -xa '{}'", join(option.choices, " "));
        case ValueKind::none: return "";
        case ValueKind::text: break;
    }
    return " -x";
}

std::string fish_lines(const CommandEntry& entry) {
    const std::string begin = fmt::format("complete -c threadwise -n '__fish_seen_subcommand_from {}'", entry.name);
    std::string text;
    for (const OptionEntry& option : entry.options) {
        std::string names;
        for (const std::string& name : option.names) {
            names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        text += begin + names + fish_values(option) + " -d '" + fish_text(option.description) + "'\n";
    }
    if (entry.positionals.empty() || entry.positionals.front().kind == ValueKind::text) return text;
    return text + begin + fish_values(entry.positionals.front()) + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<CommandEntry>& table) {
    std::string text = R"(# threadwise completion bash

_threadwise_offer() {
    if [ "$1" = -o ]; then
        compopt -o "$2"
        shift 2
    fi
    mapfile -t COMPREPLY < <(compgen "$@" -- "$word")
}

_threadwise() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    # bash makes three words of --name=value.
    if [ "$word" = = ]; then
        word=
    elif [ "$before" = = ]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
)";
    const std::string names = names_of_subcommands(table);
    text += fmt::format(
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        _threadwise_offer -W \"{} {}\"\n        return\n    fi\n"
        "    case ${{COMP_WORDS[1]}} in\n",
        names, names_of_options(table.front()));
    for (const CommandEntry& entry : subcommands(table)) text += bash_case(entry);
    return text + fmt::format(
                      "    help) _threadwise_offer -W \"{}\" ;;\n    esac\n}}\n\n"
                      "complete -F _threadwise threadwise\n",
                      names);
}

std::string zsh_completion(const std::vector<CommandEntry>& table) {
    std::string text = "#compdef threadwise\n# threadwise completion zsh\n\n";
    text += fmt::format("_threadwise_processes() {{\n    compadd ${{(f)\"$({})\"}}\n}}\n\n", list_processes);
    text += "_threadwise() {\n    local -a subcommands\n    subcommands=(\n";
    for (const CommandEntry& entry : subcommands(table)) {
        text += fmt::format("        '{}:{}'\n", entry.name, zsh_text(entry.description));
    }
    text +=
        "        'help:Say what a subcommand does'\n    )\n"
        "    local curcontext=$curcontext state line\n    _arguments -C";
    for (const OptionEntry& option : table.front().options) text += zsh_option(option);
    text +=
        " \\\n            '1: :->subcommand' '*:: :->arguments'\n"
        "    case $state in\n    subcommand) _describe subcommand subcommands ;;\n"
        "    arguments)\n        case $words[1] in\n";
    for (const CommandEntry& entry : subcommands(table)) text += zsh_case(entry);
    text +=
        "        help) _describe subcommand subcommands ;;\n        esac\n        ;;\n    esac\n}\n\n"
        "if [ \"$funcstack[1]\" = _threadwise ]; then\n    _threadwise \"$@\"\nelse\n    compdef _threadwise "
        "threadwise\nfi\n";
    return text;
}

std::string fish_completion(const std::vector<CommandEntry>& table) {
    std::string text = "# threadwise completion fish\n\ncomplete -c threadwise -f\n";
    for (const CommandEntry& entry : subcommands(table)) {
        text += fmt::format("complete -c threadwise -n __fish_use_subcommand -a {} -d '{}'\n", entry.name,
                            fish_text(entry.description));
    }
    text += fmt::format("complete -c threadwise -n '__fish_seen_subcommand_from help' -a '{}'\n",
                        names_of_subcommands(table));
    for (const CommandEntry& entry : subcommands(table)) text += fish_lines(entry);
    return text;
}

}  // namespace command
