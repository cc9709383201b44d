#include "files/checksum_list.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace command {
namespace {

constexpr std::size_t digest_size = 64;

bool is_hexadecimal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::optional<std::string> parse_digest(std::string_view text) {
    if (text.size() != digest_size || !std::ranges::all_of(text, is_hexadecimal)) return std::nullopt;
    std::string digest(text);
    for (char& c : digest) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    return digest;
}

std::string escape(std::string_view path) {
    std::string escaped;
    for (const char c : path) {
        switch (c) {
            case '\\': escaped += "\\\\"; break;
            case '\n': escaped += "\\n"; break;
            case '\r': escaped += "\\r"; break;
            default: escaped += c;
        }
    }
    return escaped;
}

std::optional<std::string> unescape(std::string_view text) {
    std::string path;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            path += text[i];
            continue;
        }
        if (++i == text.size()) return std::nullopt;
        switch (text[i]) {
            case '\\': path += '\\'; break;
            case 'n': path += '\n'; break;
            case 'r': path += '\r'; break;
            default: return std::nullopt;
        }
    }
    return path;
}

struct Parts {
    std::string_view digest;
    std::string_view path;
};

constexpr std::string_view blanks = " \t";

std::string_view without_blanks(std::string_view text) {
    const auto begin = text.find_first_not_of(blanks);
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

/// SHA256 (PATH) = DIGEST, as BSD's tools and `sha256sum --tag` write it, with any number of blanks between the parts.
std::optional<Parts> split_tagged(std::string_view line) {
    constexpr std::string_view name = "SHA256";
    if (!line.starts_with(name)) return std::nullopt;
    line = without_blanks(line.substr(name.size()));
    const auto end = line.rfind(')');
    if (!line.starts_with('(') || end == std::string_view::npos) return std::nullopt;
    std::string_view rest = without_blanks(line.substr(end + 1));
    if (!rest.starts_with('=')) return std::nullopt;
    rest = without_blanks(rest.substr(1));
    return Parts{rest.substr(0, rest.find_last_not_of(blanks) + 1), line.substr(1, end - 1)};
}

/// DIGEST, one blank, a blank or a star, PATH; or, in lists with Spacing::one, DIGEST, one blank, PATH.
std::optional<Parts> split_plain(std::string_view line, Spacing& spacing) {
    if (line.size() < digest_size + 2 || blanks.find(line[digest_size]) == std::string_view::npos) return std::nullopt;
    const Parts spaced_by_one{line.substr(0, digest_size), line.substr(digest_size + 1)};
    const char mark = spaced_by_one.path.front();
    if (spaced_by_one.path.size() == 1 || (mark != ' ' && mark != '*')) {
        if (spacing == Spacing::two) return std::nullopt;
        spacing = Spacing::one;
    }
    if (spacing == Spacing::one) return spaced_by_one;
    spacing = Spacing::two;
    return Parts{spaced_by_one.digest, spaced_by_one.path.substr(1)};
}

}  // namespace

std::optional<ChecksumLine> parse_checksum_line(std::string_view line, Spacing& spacing) {
    line = without_blanks(line);
    const bool escaped = line.starts_with('\\');
    if (escaped) line.remove_prefix(1);

    Spacing found = spacing;
    auto parts = split_tagged(line);
    if (!parts) parts = split_plain(line, found);
    if (!parts) return std::nullopt;

    auto digest = parse_digest(parts->digest);
    auto path = escaped ? unescape(parts->path) : std::string(parts->path);
    if (!digest || !path || path->empty()) return std::nullopt;
    spacing = found;
    return ChecksumLine{*std::move(digest), *std::move(path)};
}

std::string escape_checksum_path(std::string_view path) {
    const std::string escaped = escape(path);
    return escaped == path ? escaped : "\\" + escaped;
}

std::string format_checksum_line(const ChecksumLine& line) {
    const std::string escaped = escape(line.path);
    return fmt::format("{}{}  {}\n", escaped == line.path ? "" : "\\", line.digest, escaped);
}

ChecksumList read_checksum_list(std::istream& input) {
    ChecksumList list;
    Spacing spacing = Spacing::unknown;
    std::string text;
    for (std::size_t number = 1; std::getline(input, text); ++number) {
        if (text.ends_with('\r')) text.pop_back();
        if (number == 1 && text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // a byte order mark
        if (text.empty() || text.starts_with('#')) continue;
        if (auto line = parse_checksum_line(text, spacing)) {
            list.lines.push_back(*std::move(line));
        } else {
            list.malformed.push_back(number);
        }
    }
    return list;
}

std::string describe_malformed(const ChecksumList& list, std::string_view name) {
    const std::size_t more = list.malformed.size() - 1;
    return fmt::format("{}, line {}{}: not a SHA-256 digest and a file name", name, list.malformed.front(),
                       more == 0 ? "" : fmt::format(" and {} more", more));
}

}  // namespace command
