#include "multiprocessing/processes/start_file.hpp"

#include <cstddef>
#include <cstring>
#include <span>

#include "multiprocessing/memory/os_error.hpp"
#include "platform/processes/child_process.hpp"
#include "platform/processes/shared_memory.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {
namespace {

/// What such a file begins with; name, descriptors and bytes follow.
struct Header {
    static constexpr std::uint64_t right_mark = 0x7472'6174'7377'7464;

    std::uint64_t mark = 0;
    detail::CodeAddress run{};
    std::uint64_t name_size = 0;
    std::uint64_t descriptor_count = 0;
    std::int64_t parent = 0;
};

/// A view of the file, for as long as it is read.
class View {
public:
    explicit View(int descriptor) noexcept : bytes_(platform::map_memory(descriptor)) {}
    ~View() {
        if (!bytes_.empty()) platform::unmap_memory(bytes_);
    }
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    std::span<const std::byte> bytes() const noexcept { return bytes_; }

private:
    std::span<std::byte> bytes_;
};

}  // namespace

int write_start_file(const ChildStart& start) {
    const Header header{.mark = Header::right_mark,
                        .run = start.run,
                        .name_size = start.name.size(),
                        .descriptor_count = start.descriptors.size(),
                        .parent = start.parent};
    std::string file;
    const auto append = [&file](const void* data, std::size_t size) {
        if (size != 0) file.append(static_cast<const char*>(data), size);
    };
    append(&header, sizeof(header));
    append(start.name.data(), start.name.size());
    append(start.descriptors.data(), start.descriptors.size() * sizeof(int));
    append(start.bytes.data(), start.bytes.size());
    const int descriptor = platform::make_anonymous_file(std::as_bytes(std::span(file)));
    if (descriptor < 0) throw_os_error(-descriptor, "can't write down what the process '" + start.name + "' is to do");
    return descriptor;
}

ChildStart read_start_file(int descriptor) {
    const View view(descriptor);
    platform::close_descriptor(descriptor);
    std::span<const std::byte> rest = view.bytes();
    const auto take = [&rest](void* data, std::size_t size) {
        if (size > rest.size()) detail::refuse_short_message();
        if (size != 0) std::memcpy(data, rest.data(), size);
        rest = rest.subspan(size);
    };
    Header header;
    if (rest.size() >= sizeof(header)) take(&header, sizeof(header));
    if (header.mark != Header::right_mark) {
        throw RuntimeError(std::string("the variable ") + start_variable +
                           " is set, which is for processes that threadwise starts: unset it");
    }
    ChildStart start{.name = std::string(header.name_size, ' '),
                     .parent = static_cast<int>(header.parent),
                     .run = header.run,
                     .bytes = {},
                     .descriptors = std::vector<int>(header.descriptor_count)};
    take(start.name.data(), start.name.size());
    take(start.descriptors.data(), start.descriptors.size() * sizeof(int));
    start.bytes.resize(rest.size());
    take(start.bytes.data(), start.bytes.size());
    return start;
}

}  // namespace threadwise::multiprocessing
