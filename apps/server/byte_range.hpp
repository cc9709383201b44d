#pragma once
// The parts of a file that a request asks for (RFC 9110, 14).

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace command {

/// Bytes [begin, end) of a file.
struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    std::uint64_t size() const noexcept { return end - begin; }
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// The parts of a file of `size` bytes that a Range header asks for, in its order. An empty list if the file has none
/// of them or the header is malformed. Nothing if the header is to be ignored: its unit is not bytes, or it asks for
/// too many parts, or for parts that overlap.
std::optional<std::vector<ByteRange>> parse_ranges(std::string_view header, std::uint64_t size);

}  // namespace command
