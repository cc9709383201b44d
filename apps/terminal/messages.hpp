#pragma once
// Prints messages about errors.

#include <string_view>

namespace command {

/// Prints "threadwise: WHAT" and, on a second line, the advice unless it is empty. In red if colours are wanted.
/// Control characters become question marks.
void print_problem(int descriptor, std::string_view what, std::string_view advice);

}  // namespace command
