#pragma once

/// \file
/// freeze_support(): where a program becomes the process that another one has started (Python:
/// multiprocessing.freeze_support).

#include "threadwise/export.hpp"

namespace threadwise::multiprocessing {

/// To be called at the beginning of main() by programs that start processes of their own functions:
///
///     int main() {
///         threadwise::multiprocessing::freeze_support();
///         ...
///     }
///
/// A process of a function is the program itself, started again. In such a process this call does not return: it calls
/// the function, and ends the process as exit() does. Everywhere else it returns at once. Static objects have been
/// made by then; what stands in main() before this call happens in each process.
///
/// Process::start() throws RuntimeError in a program that has not called it: its processes would run main() instead,
/// and start further ones.
THREADWISE_API void freeze_support();

}  // namespace threadwise::multiprocessing
