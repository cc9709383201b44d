// Range: the parts are within the file, and no more than it in all. The first eight bytes are the file's size.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "fuzz/require.hpp"
#include "server/byte_range.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::uint64_t file_size = 0;
    if (size < sizeof(file_size)) return 0;
    std::memcpy(&file_size, data, sizeof(file_size));
    file_size >>= 1U;  // no file is larger
    const std::string_view header(reinterpret_cast<const char*>(data) + sizeof(file_size), size - sizeof(file_size));
    const auto ranges = command::parse_ranges(header, file_size);
    if (!ranges) return 0;
    std::uint64_t total = 0;
    for (const command::ByteRange& range : *ranges) {
        require(range.begin < range.end && range.end <= file_size);
        total += range.size();
    }
    require(total <= file_size);
    return 0;
}
