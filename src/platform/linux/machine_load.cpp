#include "platform/machine_load.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "platform/cpu.hpp"

namespace threadwise::platform {

bool is_machine_busy() noexcept {
    // "0.20 0.18 0.12 2/157 1234": after three averages the number of runnable threads.
    const int file = ::open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    std::array<char, 128> text{};
    const auto length = ::read(file, text.data(), text.size());
    ::close(file);
    std::string_view rest(text.data(), length < 0 ? 0 : static_cast<std::size_t>(length));
    for (int average = 0; average < 3; ++average) rest.remove_prefix(std::min(rest.find(' '), rest.size() - 1) + 1);
    unsigned running = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), running);
    return running > core_count();
}

}  // namespace threadwise::platform
