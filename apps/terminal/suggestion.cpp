#include "terminal/suggestion.hpp"

#include <algorithm>
#include <cstddef>

namespace command {
namespace {

/// The edit distance of two words (optimal string alignment).
std::size_t mistakes_between(std::string_view from, std::string_view to) {
    const std::size_t columns = to.size() + 1;
    std::vector<std::size_t> table((from.size() + 1) * columns);
    const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return table[i * columns + j]; };
    for (std::size_t i = 0; i <= from.size(); ++i) at(i, 0) = i;
    for (std::size_t j = 0; j <= to.size(); ++j) at(0, j) = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t changed = from[i - 1] == to[j - 1] ? 0 : 1;
            at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + changed});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
                at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
            }
        }
    }
    return table.back();
}

}  // namespace

std::string nearest_word(std::string_view typed, const std::vector<std::string>& known) {
    std::string nearest;
    std::size_t fewest = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (const std::string& word : known) {
        // The difference of the lengths is a lower bound, which avoids the table for long words.
        if (typed.size() > word.size() + fewest) continue;
        const bool begun = typed.size() >= 2 && word.starts_with(typed);
        const std::size_t mistakes = begun ? 1 : mistakes_between(typed, word);
        if (mistakes < fewest) {
            fewest = mistakes;
            nearest = word;
        }
    }
    return nearest;
}

}  // namespace command
