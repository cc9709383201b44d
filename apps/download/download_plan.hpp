#pragma once
// What a request to download means, checked before anything is downloaded.

#include <vector>

#include "download/wanted_file.hpp"
#include "files/checksum_list.hpp"
#include "transfer/download_report.hpp"

namespace command {

/// The targets for `wanted`, with their digests from `checksums` where that is given. Files whose URLs give the same
/// name are put into folders, as many of their URLs' as tell them apart: "1/a" and "2/a". An entry of `checksums`
/// belongs to the file with its path's last part as name; of several, those whose folders fit best. Throws one Failure
/// (request_wrong) that names all that is wrong: malformed URLs, two files with one name, a name that the command uses
/// itself, files that have no digest of their own and that the checksum list does not know or knows twice.
std::vector<DownloadTarget> plan_downloads(const std::vector<WantedFile>& wanted,
                                           const std::vector<ChecksumLine>* checksums);

}  // namespace command
