#pragma once
// What a request to download means, checked before anything is downloaded.

#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "files/checksum_list.hpp"
#include "http/download_file.hpp"

namespace command {

/// A URL to download, and the name to keep the file under ("" for the one that the URL gives).
struct WantedFile {
    std::string url;
    std::string name;
};

/// Reads a list with "URL" or "URL NAME" on each line; empty lines and those that begin with # are skipped.
std::vector<WantedFile> read_url_list(std::istream& input);

/// The targets for `wanted`, with their digests from `checksums` where that is given: an entry belongs to the file with
/// its path's last part as name. Throws one Failure (request_wrong) that names all that is wrong: malformed URLs, two
/// files with one name, files that the checksum list does not know or knows twice.
std::vector<DownloadTarget> plan_downloads(const std::vector<WantedFile>& wanted,
                                           const std::vector<ChecksumLine>* checksums);

}  // namespace command
