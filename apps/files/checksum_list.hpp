#pragma once
// Lists of SHA-256 digests as sha256sum writes and checks them.

#include <istream>
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

/// The lines of a list: "DIGEST  PATH", "DIGEST *PATH" or "SHA256 (PATH) = DIGEST", escaped or not; empty lines and
/// those that begin with # are skipped. `name` stands for the list in messages. Throws Failure (request_wrong) that
/// names the first line that is none of these.
std::vector<ChecksumLine> read_checksum_list(std::istream& input, std::string_view name);

}  // namespace command
