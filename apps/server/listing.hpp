#pragma once
// A folder as a web page.

#include <filesystem>
#include <string>

namespace command {

/// An HTML page that links to the entries of `folder`, sorted by name, folders with a slash at the end. `url_path` is
/// the path of the request, which ends with a slash: the links are relative to it. Throws
/// std::filesystem::filesystem_error when the folder cannot be read.
std::string format_listing(const std::filesystem::path& folder, const std::string& url_path);

}  // namespace command
