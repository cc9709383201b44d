#pragma once
// What a URL says about the file behind it.

#include <string>

namespace command {

/// The name under which the file behind `url` is kept: `name` unless it is empty, else the last part of the URL's path,
/// percent-decoded. Throws Failure (request_wrong) when `url` is not a well-formed http or https URL, or when the name
/// can name no file in a directory: empty, "." or "..", with a slash or a control character in it, or too long.
std::string file_name_from_url(const std::string& url, const std::string& name = {});

}  // namespace command
