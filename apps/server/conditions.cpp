#include "server/conditions.hpp"

#include <algorithm>

#include "server/header_list.hpp"
#include "server/http_date.hpp"

namespace command {
namespace {

/// Whether an entity tag of the list is `tag`, or the list is "*". Weakly: a tag that is marked as weak counts, too.
bool names(std::string_view list, std::string_view tag, bool weakly) {
    const auto is_it = [&](std::string_view element) {
        if (weakly && element.starts_with("W/")) element.remove_prefix(2);
        return element == "*" || element == tag;
    };
    return std::ranges::any_of(split_header_list(list), is_it);
}

}  // namespace

Verdict judge(const Conditions& conditions, const FileVersion& version) {
    if (!conditions.if_match.empty()) {
        if (!names(conditions.if_match, version.tag, false)) return Verdict::failed;
    } else if (const auto date = parse_http_date(conditions.if_unmodified_since)) {
        if (version.modified > *date) return Verdict::failed;
    }
    if (!conditions.if_none_match.empty()) {
        if (names(conditions.if_none_match, version.tag, true)) return Verdict::not_modified;
    } else if (const auto date = parse_http_date(conditions.if_modified_since)) {
        if (version.modified <= *date) return Verdict::not_modified;
    }
    return Verdict::send;
}

bool range_counts(std::string_view if_range, const FileVersion& version, std::time_t now) {
    if (if_range.empty() || if_range == version.tag) return true;
    const auto date = parse_http_date(if_range);
    return date && *date == version.modified && now > version.modified + 1;
}

}  // namespace command
