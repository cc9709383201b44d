#pragma once
// A folder as a web page.

#include <filesystem>
#include <string>

namespace command {

/// An HTML page that links to what is in `folder`, sorted by name, folders with a slash. `url_path` is the path by
/// which the folder was asked for, with a slash at its end: the links start from there. Throws
/// std::filesystem::filesystem_error when the folder cannot be read.
std::string format_listing(const std::filesystem::path& folder, const std::string& url_path);

}  // namespace command
