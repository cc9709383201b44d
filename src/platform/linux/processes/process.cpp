#include "platform/processes/process.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>

namespace threadwise::platform {

std::uint64_t process_of(std::uint64_t native_id) noexcept {
    // The kernel's text about a thread has the number of its process on the line "Tgid:".
    std::array<char, 128> text{};
    std::snprintf(text.data(), text.size(), "/proc/%llu/status", static_cast<unsigned long long>(native_id));
    std::FILE* const file = std::fopen(text.data(), "re");
    if (file == nullptr) return 0;
    unsigned long long process = 0;
    while (std::fgets(text.data(), text.size(), file) != nullptr) {
        if (std::sscanf(text.data(), "Tgid: %llu", &process) == 1) break;  // NOLINT(cert-err34-c): the kernel's own
    }
    std::fclose(file);
    return process;
}

std::uint64_t this_process() noexcept { return static_cast<std::uint64_t>(getpid()); }

}  // namespace threadwise::platform
