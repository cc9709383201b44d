#pragma once
// Metalink files: lists of files with their sizes, digests and mirrors (RFC 5854).

#include <string>
#include <string_view>
#include <vector>

#include "download/wanted_file.hpp"

namespace command {

/// Reads a Metalink 4 document. Each file has the name that it says, the strongest digest that is known here, its size,
/// and the http and https URLs, the one with the lowest priority number first; others are skipped. `name` stands for
/// the document in messages. Throws Failure (request_wrong) when it is not well-formed or no Metalink 4, or when a file
/// has no such URL, no name, a name that leads out of a folder or to a hidden file, or a wrong size or digest.
/// References to entities that the document defines, or to other files, are never followed.
std::vector<WantedFile> parse_metalink(std::string_view document, std::string_view name);

/// Reads the file `path`, which may have up to 64 MiB, likewise.
std::vector<WantedFile> read_metalink(const std::string& path);

}  // namespace command
