#pragma once
// What a request to download means, checked before anything is downloaded.

#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/checksum_list.hpp"
#include "transfer/download_report.hpp"

namespace command {

/// A URL to download, and the name to keep the file under ("" for the one that the URL gives).
struct WantedFile {
    std::string url;
    std::string name;
    std::string where = {};  ///< where the request has it ("urls.txt, line 3"), or "" for the command line
};

/// Reads a line "URL" or "URL NAME" of a list. A tab separates the two if the line has one, so that the URL can have
/// blanks in it, and a blank otherwise. Nothing for an empty line, and one that begins with #.
std::optional<WantedFile> parse_url_line(std::string_view line);

/// Reads a list of such lines, which may begin with a byte order mark and end in CR LF. `name` stands for the list in
/// messages. Throws Failure (request_wrong) when it cannot be read to its end, or is no text in UTF-8 or ASCII.
std::vector<WantedFile> read_url_list(std::istream& input, std::string_view name = "the list");

/// The targets for `wanted`, with their digests from `checksums` where that is given. Files whose URLs give the same
/// name are put into folders, as many of their URLs' as tell them apart: "1/a" and "2/a". An entry of `checksums`
/// belongs to the file with its path's last part as name; of several, those whose folders fit best. Throws one Failure
/// (request_wrong) that names all that is wrong: malformed URLs, two files with one name, files that the checksum list
/// does not know or knows twice.
std::vector<DownloadTarget> plan_downloads(const std::vector<WantedFile>& wanted,
                                           const std::vector<ChecksumLine>* checksums);

}  // namespace command
