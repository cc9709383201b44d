#pragma once
// How messages look.

#include <string_view>

namespace command {

/// Writes "threadwise: WHAT" and below it, unless it is empty, what to do. In red where colours are wanted. Control
/// characters become question marks.
void print_problem(int descriptor, std::string_view what, std::string_view advice);

}  // namespace command
