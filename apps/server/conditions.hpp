#pragma once
// Whether a file is sent, by the conditions of the request (RFC 9110, 13).

#include <ctime>
#include <string>
#include <string_view>

namespace command {

/// One version of a file.
struct FileVersion {
    std::string tag;           ///< a strong entity tag, in its quotes
    std::time_t modified = 0;  ///< seconds
};

/// The headers of a request that it makes conditions with; empty where it has none.
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

/// For GET and HEAD, in the order of RFC 9110, 13.2.2. A condition that is malformed is none.
Verdict judge(const Conditions& conditions, const FileVersion& version);

/// Whether a Range counts: If-Range names exactly this version, or there is none. A date does that only if the file
/// cannot have changed again within its second: `now` is later by more.
bool range_counts(std::string_view if_range, const FileVersion& version, std::time_t now);

}  // namespace command
