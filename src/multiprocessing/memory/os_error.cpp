#include "multiprocessing/memory/os_error.hpp"

#include <cerrno>
#include <system_error>

#include "threadwise/multiprocessing/errors.hpp"

namespace threadwise::multiprocessing {

void throw_os_error(int error, const std::string& what) {
    const std::error_code code(error, std::generic_category());
    switch (error) {
        case EEXIST: throw FileExistsError(code, what);
        case ENOENT: throw FileNotFoundError(code, what);
        case EPIPE: throw BrokenPipeError(code, what);
        case EACCES:
        case EPERM: throw PermissionError(code, what);
        default: throw OSError(code, what);
    }
}

}  // namespace threadwise::multiprocessing
