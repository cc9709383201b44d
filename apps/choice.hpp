#pragma once
// Options whose value is one of a few names.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "terminal/suggestion.hpp"

namespace command {

/// Adds an option to `app` that sets the enumeration `value`. It accepts the names of `choices` only, not the
/// enumerators' numbers. `flags` and `description` are as for add_option().
template <class Enumeration>
CLI::Option* add_choice(CLI::App& app, const std::string& flags, Enumeration& value, const std::string& description,
                        const std::vector<std::pair<std::string, Enumeration>>& choices) {
    std::vector<std::string> names;
    std::string list;
    std::string standard;
    for (const auto& [name, choice] : choices) {
        names.push_back(name);
        list += (list.empty() ? "" : "|") + name;
        if (choice == value) standard = name;
    }
    const auto set = [&value, flags, choices, names, list](const CLI::results_t& results) {
        const std::string& word = results.back();
        for (const auto& [name, choice] : choices) {
            if (name != word) continue;
            value = choice;
            return true;
        }
        const std::string nearest = nearest_word(word, names);
        throw CLI::ValidationError(fmt::format("{}: \"{}\" is none of {}{}", flags, word, list,
                                               nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
    };
    return app.add_option(flags, set, description)->type_name(list)->default_str(standard);
}

}  // namespace command
