// Content-Range, Content-Length, Retry-After and entity tags: what is read makes sense.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/require.hpp"
#include "http/response_fields.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view value(reinterpret_cast<const char*>(data), size);
    if (const auto range = command::parse_content_range(value)) {
        require(range->first <= range->last && (!range->total || range->last < *range->total));
    }
    if (const auto length = command::parse_content_length(value)) require(*length <= INT64_MAX);
    if (const auto wait = command::parse_retry_after(value, std::chrono::system_clock::time_point{})) {
        require(wait->count() >= 0 && wait->count() <= INT32_MAX);
    }
    if (command::is_strong_entity_tag(value)) require(value.size() >= 2 && value.front() == '"' && value.back() == '"');
    return 0;
}
