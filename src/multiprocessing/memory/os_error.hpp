#pragma once
// From errno to Python's exceptions.

#include <string>

namespace threadwise::multiprocessing {

/// Throws the OSError of that errno; `what` says what was to be done.
[[noreturn]] void throw_os_error(int error, const std::string& what);

}  // namespace threadwise::multiprocessing
