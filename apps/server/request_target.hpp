#pragma once
// What a request asks for, as a path (RFC 9112, 3.2).

#include <optional>
#include <string>
#include <string_view>

namespace command {

/// The path of "/PATH?QUERY" or "http://HOST/PATH?QUERY", percent-decoded; it begins with exactly one slash. Nothing
/// for a target that has neither form or is malformed.
std::optional<std::string> path_of_target(std::string_view target);

/// `path` as it stands in a URL: every byte but slashes and RFC 3986's unreserved characters is percent-encoded.
std::string percent_encoded(std::string_view path);

}  // namespace command
