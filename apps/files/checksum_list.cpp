#include "files/checksum_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "failure.hpp"

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

// SHA256 (PATH) = DIGEST, as BSD's tools and `sha256sum --tag` write it.
std::optional<Parts> split_tagged(std::string_view line) {
    constexpr std::string_view start = "SHA256 (";
    constexpr std::string_view middle = ") = ";
    const auto end = line.rfind(middle);
    if (!line.starts_with(start) || end == std::string_view::npos || end < start.size()) return std::nullopt;
    return Parts{line.substr(end + middle.size()), line.substr(start.size(), end - start.size())};
}

std::optional<Parts> split_plain(std::string_view line) {
    if (line.size() < digest_size + 3 || line[digest_size] != ' ') return std::nullopt;
    if (line[digest_size + 1] != ' ' && line[digest_size + 1] != '*') return std::nullopt;
    return Parts{line.substr(0, digest_size), line.substr(digest_size + 2)};
}

std::optional<ChecksumLine> parse_line(std::string_view line) {
    const bool escaped = line.starts_with('\\');
    if (escaped) line.remove_prefix(1);

    auto parts = split_tagged(line);
    if (!parts) parts = split_plain(line);
    if (!parts) return std::nullopt;

    auto digest = parse_digest(parts->digest);
    auto path = escaped ? unescape(parts->path) : std::string(parts->path);
    if (!digest || !path || path->empty()) return std::nullopt;
    return ChecksumLine{*std::move(digest), *std::move(path)};
}

}  // namespace

std::string escape_checksum_path(std::string_view path) {
    const std::string escaped = escape(path);
    return escaped == path ? escaped : "\\" + escaped;
}

std::string format_checksum_line(const ChecksumLine& line) {
    const std::string escaped = escape(line.path);
    return fmt::format("{}{}  {}\n", escaped == line.path ? "" : "\\", line.digest, escaped);
}

std::vector<ChecksumLine> read_checksum_list(std::istream& input, std::string_view name) {
    std::vector<ChecksumLine> lines;
    std::string text;
    for (int number = 1; std::getline(input, text); ++number) {
        if (text.ends_with('\r')) text.pop_back();
        if (text.empty() || text.starts_with('#')) continue;
        auto line = parse_line(text);
        if (!line) {
            throw Failure(request_wrong, fmt::format("{}, line {}: not a SHA-256 digest and a file name", name, number),
                          "write each line as sha256sum does: 64 hexadecimal digits, two spaces, the name");
        }
        lines.push_back(*std::move(line));
    }
    return lines;
}

}  // namespace command
