#include "threadwise/trace.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>

#include "platform/processes/process.hpp"
#include "threadwise/process_view.hpp"

namespace threadwise::trace {

Recording take() { return inspect::ProcessView(static_cast<int>(platform::this_process())).recording(); }

void write(const std::filesystem::path& path) {
    const Recording recording = take();
    std::ofstream file(path);
    file << recording;
    file.close();
    if (!file) {
        const int error = errno;
        // What is cut off would be taken for a recording. Not a device.
        std::error_code ignored;
        if (std::filesystem::is_regular_file(path, ignored)) std::filesystem::remove(path, ignored);
        throw std::system_error(error, std::generic_category(), "cannot write " + path.string());
    }
}

}  // namespace threadwise::trace
