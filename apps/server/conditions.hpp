#pragma once
// Conditional requests: whether a file is sent at all (RFC 9110, 13).

#include <ctime>
#include <string>
#include <string_view>

namespace command {

/// One version of a file.
struct FileVersion {
    std::string tag;           ///< a strong entity tag, in its quotes
    std::time_t modified = 0;  ///< seconds
};

/// A request's conditional headers; empty where it has none.
struct Conditions {
    std::string_view if_match;
    std::string_view if_unmodified_since;
    std::string_view if_none_match;
    std::string_view if_modified_since;
    std::string_view if_range;
};

enum class Verdict {
    send,
    not_modified,  ///< 304
    failed,        ///< 412
};

/// Evaluates the conditions of a GET or HEAD in the order of RFC 9110, 13.2.2. A malformed condition is ignored.
Verdict judge(const Conditions& conditions, const FileVersion& version);

/// Whether a Range header is honoured: there is no If-Range, or it names exactly this version. A date does so only if
/// `now` is more than a second later; until then the file may change again within the second that the date names.
bool range_counts(std::string_view if_range, const FileVersion& version, std::time_t now);

}  // namespace command
