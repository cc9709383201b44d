#include "server/http_date.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <time.h>  // NOLINT(modernize-deprecated-headers): strptime and timegm are not the C++ library's

namespace command {

std::string format_http_date(std::time_t seconds) {
    return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(seconds));
}

std::optional<std::time_t> parse_http_date(std::string_view text) {
    // The three forms of RFC 9110, 5.6.7: today's, and two that old clients send.
    const std::string terminated(text);
    for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
        std::tm parts{};
        const char* const end = ::strptime(terminated.c_str(), form, &parts);
        if (end == terminated.c_str() + terminated.size()) return ::timegm(&parts);
    }
    return std::nullopt;
}

}  // namespace command
