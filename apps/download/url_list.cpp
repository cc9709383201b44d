#include "download/url_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/failure.hpp"

namespace command {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

[[noreturn]] void refuse_list(const std::string& what, const char* advice) {
    throw Failure(request_wrong, what, advice);
}

// Takes the next line of `input` without its newline; false at the end.
bool read_line(std::istream& input, std::string& line, const std::string& where) {
    constexpr std::size_t longest = 65'536;  // of URLs and names; what is longer is no list, and may never end
    line.clear();
    for (auto c = input.get(); c != std::istream::traits_type::eof(); c = input.get()) {
        if (c == '\n') return true;
        line += std::istream::traits_type::to_char_type(c);
        if (c == 0) refuse_list(where + ": a zero byte", "save the list as plain text in UTF-8");
        if (line.size() > longest) {
            refuse_list(fmt::format("{}: longer than {} bytes", where, longest), "check that it is a list of URLs");
        }
    }
    if (input.bad()) refuse_list(where + ": cannot be read", "check the list, and the disk that it is on");
    return !line.empty();
}

bool begins_as_url(std::string_view text) {
    const auto begins_with = [&](std::string_view scheme) {
        return std::ranges::equal(text.substr(0, scheme.size()), scheme,
                                  [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
    };
    return begins_with("http://") || begins_with("https://");
}

/// An indented line "KEY=VALUE".
struct EntryOption {
    std::string_view key;
    std::string_view value;
};

// Nothing for other lines: a URL may be indented, and have a = in it, but has a colon before that.
std::optional<EntryOption> parse_option(std::string_view line) {
    if (line.empty() || blanks.find(line.front()) == std::string_view::npos) return std::nullopt;
    line = trimmed(line);
    const auto end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz-");
    if (end == 0 || end == std::string_view::npos || line[end] != '=') return std::nullopt;
    return EntryOption{line.substr(0, end), trimmed(line.substr(end + 1))};
}

Digest read_digest(std::string_view value, const std::string& where) {
    const auto equals = std::min(value.find('='), value.size());
    const auto kind = digest_kind(value.substr(0, equals));
    if (!kind) {
        refuse_list(fmt::format("{}: there is no kind of digest \"{}\"", where, value.substr(0, equals)),
                    "write it like checksum=sha-256=DIGEST; the kinds are sha-256, sha-512, sha-1, md5 and blake2b");
    }
    auto digest = parse_digest(*kind, value.substr(std::min(equals + 1, value.size())));
    if (!digest) {
        refuse_list(fmt::format("{}: that is no {} digest", where, name_of(*kind)),
                    "give all of its digits, in hexadecimal");
    }
    return *std::move(digest);
}

void apply_option(const EntryOption& option, std::vector<WantedFile>& wanted, const std::string& where) {
    if (wanted.empty()) refuse_list(where + ": an option before any URL", "put the URL into a line before it");
    WantedFile& file = wanted.back();
    if (option.key == "out") {
        if (option.value.empty()) refuse_list(where + ": out= names no file", "give a name, or leave the line out");
        if (!file.name.empty()) refuse_list(where + ": a second name for one file", "leave only the right one");
        file.name = option.value;
    } else if (option.key == "checksum") {
        if (!file.digest.empty()) refuse_list(where + ": a second digest for one file", "leave only the right one");
        file.digest = read_digest(option.value, where);
    } else {
        refuse_list(fmt::format("{}: there is no option \"{}\"", where, option.key),
                    "the options of an entry are out=NAME and checksum=KIND=DIGEST");
    }
}

}  // namespace

std::optional<WantedFile> parse_url_line(std::string_view line) {
    line = trimmed(line);
    if (line.empty() || line.starts_with('#')) return std::nullopt;
    const char separator = line.find('\t') == std::string_view::npos ? ' ' : '\t';
    const auto take_part = [&] {
        const auto end = std::min(line.find(separator), line.size());
        const std::string_view part = trimmed(line.substr(0, end));
        line = trimmed(line.substr(end));
        return std::string(part);
    };
    WantedFile file{take_part(), ""};
    while (begins_as_url(line)) file.mirrors.push_back(take_part());
    file.name = line;
    return file;
}

std::vector<WantedFile> read_url_list(std::istream& input, std::string_view name) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    std::vector<WantedFile> wanted;
    std::string line;
    std::string where = fmt::format("{}, line 1", name);
    for (int number = 1; read_line(input, line, where); where = fmt::format("{}, line {}", name, ++number)) {
        if (number == 1 && line.starts_with(byte_order_mark)) line.erase(0, byte_order_mark.size());
        if (const auto option = parse_option(line)) {
            apply_option(*option, wanted, where);
            continue;
        }
        auto file = parse_url_line(line);
        if (!file) continue;
        file->where = where;
        wanted.push_back(*std::move(file));
    }
    return wanted;
}

}  // namespace command
