#pragma once
// What a request asks for, as a path (RFC 9112, 3.2).

#include <optional>
#include <string>
#include <string_view>

namespace command {

/// The path of "/PATH?QUERY" or "http://HOST/PATH?QUERY", its percent encoding undone, with one slash before it.
/// Nothing for a target that is neither, or is malformed.
std::optional<std::string> path_of_target(std::string_view target);

/// `path` as a URL has it: all but RFC 3986's unreserved characters and slashes percent-encoded.
std::string percent_encoded(std::string_view path);

}  // namespace command
