#pragma once
// The limit on the size of files (RLIMIT_FSIZE), which counts for files of memory, too.

#include <sys/resource.h>

#include <cstddef>

namespace threadwise::platform {

/// To be asked before a file gets its size: beyond the limit the process would be sent SIGXFSZ, which ends it.
inline bool is_within_file_limit(std::size_t size) noexcept {
    rlimit limit{};
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur >= size;
}

}  // namespace threadwise::platform
