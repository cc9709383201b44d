#pragma once

#include <exception>
#include <string>

namespace threadwise::runtime {

/// The exception's type, as the program's source has it, and what() it says. Null is "no exception".
std::string exception_text(const std::exception_ptr& exception);

}  // namespace threadwise::runtime
