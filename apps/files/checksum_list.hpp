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

/// `path` as such a line shows it: if it had to be escaped, a backslash at the beginning says so.
std::string escape_checksum_path(std::string_view path);

/// How many characters separate digest and path in a list's lines: two (two blanks, or a blank and a star), or one
/// blank as old BSD tools write it. All lines of a list have the same; in "DIGEST  b" the path is "b" or " b"
/// accordingly.
enum class Spacing { unknown, one, two };

/// Parses "DIGEST  PATH", "DIGEST *PATH", "DIGEST PATH" or "SHA256 (PATH) = DIGEST", escaped or not, and possibly after
/// blanks; nothing for any other line. `spacing` is what the lines before have shown; this line may show it, too.
std::optional<ChecksumLine> parse_checksum_line(std::string_view line, Spacing& spacing);

struct ChecksumList {
    std::vector<ChecksumLine> lines;
    std::vector<std::size_t> malformed;  ///< the numbers, from 1, of the lines that could not be parsed
};

/// Reads a list. Empty lines and those that begin with # are skipped. A line that cannot be parsed is only noted as
/// malformed, as by sha256sum: it may belong to a signature or a comment.
ChecksumList read_checksum_list(std::istream& input);

/// What a message says of malformed lines.
inline constexpr std::string_view skipped_lines = "skipped; a line has 64 hexadecimal digits, two spaces, and the name";

/// "LIST, line 3 and 2 more: ...": the message about a list with malformed lines that is called `name`.
std::string describe_malformed(const ChecksumList& list, std::string_view name);

}  // namespace command
