// Lists of digests: whatever is read can be written, and means the same when it is read again.

#include <cstddef>
#include <cstdint>
#include <sstream>

#include "files/checksum_list.hpp"
#include "fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::istringstream input(std::string(reinterpret_cast<const char*>(data), size));
    const command::ChecksumList list = command::read_checksum_list(input);
    if (!list.malformed.empty()) require(!command::describe_malformed(list, "LIST").empty());
    for (const command::ChecksumLine& line : list.lines) {
        require(line.digest.size() == 64 && !line.path.empty());
        std::istringstream again(command::format_checksum_line(line));
        const command::ChecksumList same = command::read_checksum_list(again);
        require(same.lines.size() == 1 && same.lines[0].digest == line.digest && same.lines[0].path == line.path);
    }
    return 0;
}
