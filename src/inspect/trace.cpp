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
    if (!file) throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
}

}  // namespace threadwise::trace
