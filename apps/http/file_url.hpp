#pragma once
// What a URL says about the file behind it.

#include <string>
#include <string_view>
#include <vector>

namespace command {

/// The URL of a file, taken apart.
struct FileUrl {
    std::string url;                ///< percent-encoded throughout
    std::string plain_url;          ///< the same without user, password and fragment, as it is sent
    std::string user;               ///< percent-decoded
    std::string password;           ///< percent-decoded
    std::string origin;             ///< scheme, host and port: "https://example.org:443"
    std::string host;               ///< with the port, where the URL has one
    std::vector<std::string> path;  ///< percent-decoded, without empty parts but the last, which is the file's name
};

/// Takes the URL in `text` apart. Blanks around it are dropped; blanks and bytes beyond ASCII in its path are
/// percent-encoded. Throws Failure (request_wrong) when it is not a well-formed http or https URL.
FileUrl parse_file_url(std::string_view text);

/// The name under which the file behind `url` is kept: `name` unless it is empty, else the last part of the URL's path.
/// Throws Failure (request_wrong) when the URL is malformed, or when the name can name no file below a directory:
/// fault_of_file_name() says when; a name from a URL must not have a slash in it either.
std::string file_name_from_url(std::string_view url, std::string_view name = {});

/// The same for a URL that parse_file_url() took apart.
std::string file_name_from_url(const FileUrl& url, std::string_view name = {});

/// Why `name` can name no file below a directory, or "": it is absolute, or one of its parts is empty, "." or "..", has
/// a control character in it or is longer than 255 bytes.
std::string fault_of_file_name(std::string_view name);

/// The URL that `reference`, which may be relative, leads to from the page `base`; `reference` itself if it is
/// malformed.
std::string resolved_url(const std::string& base, const std::string& reference);

/// `url`, well-formed or not, with "***" in place of the user and password in it.
std::string url_without_password(std::string_view url);

/// As url_without_password(), but cut to a length that a message can have.
std::string url_for_messages(std::string_view url);

}  // namespace command
