#include "download/url_glob.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/failure.hpp"
#include "http/file_url.hpp"

namespace command {
namespace {

constexpr std::size_t most_urls = 1'000'000;
constexpr std::string_view special = "{}[],";

using Choices = std::vector<std::string>;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_address(std::string_view text) {
    return std::ranges::count(text, ':') >= 2 &&
           text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

bool are_letters_of_one_case(char a, char b) {
    const auto between = [](char c, char first, char last) { return first <= c && c <= last; };
    return (between(a, 'a', 'z') && between(b, 'a', 'z')) || (between(a, 'A', 'Z') && between(b, 'A', 'Z'));
}

/// Reads a pattern from its beginning to its end.
class GlobReader {
public:
    explicit GlobReader(std::string_view pattern) : pattern_(pattern), rest_(pattern) {}

    /// What the URL is made of: in each position one of the texts.
    std::vector<Choices> read() {
        std::vector<Choices> parts;
        while (!rest_.empty()) {
            if (std::string text = take_text(); !text.empty()) {
                parts.push_back({std::move(text)});
            } else {
                parts.push_back(rest_.front() == '{' ? take_set() : take_range());
            }
        }
        return parts;
    }

private:
    [[noreturn]] void refuse(std::string_view why) const {
        throw Failure(request_wrong, fmt::format("\"{}\" is no pattern of URLs: {}", url_for_messages(pattern_), why),
                      "write {a,b} or [1-10], or take braces and brackets as they are with --globoff");
    }

    /// Takes the text before the next brace or bracket that has a meaning.
    std::string take_text() {
        std::string text;
        while (!rest_.empty()) {
            if (take_escaped(text) || take_literal_pair(text)) continue;
            const char c = rest_.front();
            if (c == '{' || c == '[') break;
            if (c == '}' || c == ']') refuse(fmt::format("\"{}\" closes nothing", c));
            text += c;
            rest_.remove_prefix(1);
        }
        return text;
    }

    bool take_escaped(std::string& text) {
        if (rest_.size() < 2 || rest_.front() != '\\' || special.find(rest_[1]) == std::string_view::npos) return false;
        text += rest_[1];
        rest_.remove_prefix(2);
        return true;
    }

    bool take_literal_pair(std::string& text) {
        std::size_t size = 0;
        if (rest_.starts_with("{}") || rest_.starts_with("[]")) size = 2;
        const auto end = rest_.find(']');
        if (rest_.front() == '[' && end != std::string_view::npos && is_address(rest_.substr(1, end - 1))) {
            size = end + 1;
        }
        text += rest_.substr(0, size);
        rest_.remove_prefix(size);
        return size > 0;
    }

    Choices take_set() {
        rest_.remove_prefix(1);
        Choices choices(1);
        while (!rest_.empty()) {
            if (take_escaped(choices.back())) continue;
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '}') return choices;
            if (c == '{' || c == '[' || c == ']') refuse(fmt::format("\"{}\" within braces", c));
            if (c == ',') {
                choices.emplace_back();
            } else {
                choices.back() += c;
            }
        }
        refuse("a \"{\" that is not closed");
    }

    // What is wrong is told by its place: it may be a part of a password.
    Choices take_range() {
        const auto place = pattern_.size() - rest_.size() + 1;
        const auto end = rest_.find(']');
        if (end == std::string_view::npos) refuse("a \"[\" that is not closed");
        const std::string_view text = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        const auto colon = text.find(':');
        const auto step = colon == std::string_view::npos ? 1 : parse_number<std::uint64_t>(text.substr(colon + 1));
        const std::string_view range = text.substr(0, colon);
        const auto dash = range.find('-');
        if (dash == std::string_view::npos || !step || *step == 0) {
            refuse(fmt::format("the \"[\" at character {} begins no range", place));
        }
        auto choices = choices_between(range.substr(0, dash), range.substr(dash + 1), *step);
        if (choices.empty()) {
            refuse(fmt::format("the range at character {} is not one of 1 to {} numbers or letters", place, most_urls));
        }
        return choices;
    }

    static Choices choices_between(std::string_view first, std::string_view last, std::uint64_t step) {
        Choices choices;
        if (first.size() == 1 && last.size() == 1 && are_letters_of_one_case(first[0], last[0])) {
            for (auto c = static_cast<std::uint64_t>(first[0]); c <= static_cast<std::uint64_t>(last[0]); c += step) {
                choices.emplace_back(1, static_cast<char>(c));
                if (step > 26) break;
            }
            return choices;
        }
        constexpr std::size_t most_digits = 20;
        if (first.size() > most_digits) return {};
        const auto low = parse_number<std::uint64_t>(first);
        const auto high = parse_number<std::uint64_t>(last);
        if (!low || !high || *low > *high || (*high - *low) / step >= most_urls) return {};
        const std::size_t width = first.starts_with('0') ? first.size() : 1;
        for (std::uint64_t i = 0; i <= (*high - *low) / step; ++i) {
            choices.push_back(fmt::format("{:0{}}", *low + i * step, width));
        }
        return choices;
    }

    std::string_view pattern_;
    std::string_view rest_;
};

}  // namespace

std::vector<std::string> expand_url(std::string_view pattern) {
    std::vector<std::string> urls(1);
    for (const Choices& choices : GlobReader(pattern).read()) {
        if (choices.size() > most_urls / urls.size()) {
            throw Failure(request_wrong,
                          fmt::format("\"{}\" stands for more than {} URLs", url_for_messages(pattern), most_urls),
                          "split it into several runs");
        }
        std::vector<std::string> longer;
        longer.reserve(urls.size() * choices.size());
        for (const auto& url : urls) {
            for (const auto& choice : choices) longer.push_back(url + choice);
        }
        urls = std::move(longer);
    }
    return urls;
}

}  // namespace command
