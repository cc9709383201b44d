#pragma once
// Lists of URLs.

#include <istream>
#include <optional>
#include <string_view>
#include <vector>

#include "download/wanted_file.hpp"

namespace command {

/// Reads a line "URL [MIRROR...] [NAME]" of a list; MIRRORs begin with http:// or https://. Tabs separate the parts if
/// the line has one, so that URLs and the name can have blanks in them, and blanks otherwise, of which the name may
/// have some, too. Nothing for an empty line, and one that begins with #.
std::optional<WantedFile> parse_url_line(std::string_view line);

/// Reads a list of such lines, which may begin with a byte order mark and end in CR LF. As in aria2's lists, indented
/// lines "out=NAME" and "checksum=KIND=DIGEST" after it belong to the entry. `name` stands for the list in messages.
/// Throws Failure (request_wrong) when it cannot be read to its end, or is no text in UTF-8 or ASCII, or when an
/// indented line is wrong.
std::vector<WantedFile> read_url_list(std::istream& input, std::string_view name = "the list");

}  // namespace command
