#pragma once
// The part of a file that a request asks for.

#include <cstdint>
#include <optional>

namespace command {

/// Bytes [begin, end) of a file.
struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// The part of a file of `size` bytes that "bytes=FIRST-LAST" means (RFC 9110, 14.1.2), where -1 stands for a number
/// that is left out: "500-" is (500, -1), and "-500", the last 500 bytes, is (-1, 500). Nothing when there is no such
/// part.
constexpr std::optional<ByteRange> resolve_range(std::int64_t first, std::int64_t last, std::uint64_t size) {
    if (first < 0 && last < 0) return std::nullopt;
    ByteRange range{0, size};
    if (first < 0) {
        const auto count = static_cast<std::uint64_t>(last);
        range.begin = count < size ? size - count : 0;
        if (count == 0) return std::nullopt;
    } else {
        range.begin = static_cast<std::uint64_t>(first);
        if (last >= 0 && static_cast<std::uint64_t>(last) < size) range.end = static_cast<std::uint64_t>(last) + 1;
    }
    if (range.begin >= range.end) return std::nullopt;
    return range;
}

}  // namespace command
