#pragma once
// Lists of SHA-256 digests as sha256sum writes and checks them.

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace command {

struct ChecksumLine {
    std::string digest;  ///< 64 lower-case hexadecimal digits
    std::string path;
};

/// One line, ended by a newline, that `sha256sum --check` accepts. As sha256sum does, a path with a backslash, newline
/// or carriage return is escaped, and the line then begins with a backslash.
std::string format_checksum_line(const ChecksumLine& line);

/// `path` as such a line shows it: a backslash at the beginning tells that it is escaped.
std::string escape_checksum_path(std::string_view path);

/// How many blanks a list's lines have between digest and path: two, or a blank and a star, unless it is in the form of
/// old BSD tools. Lists of one form alone can be told apart.
enum class Spacing { unknown, one, two };

/// A line "DIGEST  PATH", "DIGEST *PATH", "DIGEST PATH" or "SHA256 (PATH) = DIGEST", with blanks before it or not,
/// escaped or not; none of these: nothing. `spacing` is what the lines before it have shown.
std::optional<ChecksumLine> parse_checksum_line(std::string_view line, Spacing& spacing);

struct ChecksumList {
    std::vector<ChecksumLine> lines;
    std::vector<std::size_t> malformed;  ///< the numbers of the lines that say nothing, from 1
};

/// A list; empty lines and those that begin with # are skipped. As with sha256sum, a line that is no such line is none
/// of the list's: what else a signed or commented list has in it.
ChecksumList read_checksum_list(std::istream& input);

/// What became of such lines.
inline constexpr std::string_view skipped_lines = "skipped; a line has 64 hexadecimal digits, two spaces, and the name";

/// "LIST, line 3 and 2 more: ...": what is wrong with a list that has malformed lines, and is called `name`.
std::string describe_malformed(const ChecksumList& list, std::string_view name);

}  // namespace command
