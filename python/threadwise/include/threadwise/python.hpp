#pragma once

/// \file
/// Both worlds on one object: Queue, SimpleQueue, Event, Lock, Future and ThreadPoolExecutor of the Python package,
/// made in Python or here, used by C++ threads that do not hold the interpreter's lock; and C++ functions that Python
/// code, or a pool, calls.
///
/// For extension modules: add threadwise.get_include() to the include path; nothing needs to be linked. Needs C++20 and
/// Python 3.10. For objects of the main interpreter.
///
/// \code
///     threadwise::py::Queue<double> queue(object);   // on a thread with the interpreter's lock
///     queue.put(0.5);                                // on any thread, with the lock or without
///     PyModule_AddObject(module, "norm", threadwise::py::export_function(
///         "norm", [](double x, double y) { return std::hypot(x, y); }));
/// \endcode
///
/// A handle is made by a thread that holds the interpreter's lock, or by make(), by any; it is moved, used and
/// destroyed by any. (Called with the lock held, what may wait lets it go meanwhile.) A handle may be used by several
/// threads at once. Times are in seconds. What goes wrong is thrown, as Error where Python has raised it.
///
/// Once the interpreter ends, a thread that needs it stays where it is until the process ends.

#include "python/convert.hpp"          // IWYU pragma: export
#include "python/errors.hpp"           // IWYU pragma: export
#include "python/function.hpp"         // IWYU pragma: export
#include "python/future.hpp"           // IWYU pragma: export
#include "python/interface.hpp"        // IWYU pragma: export
#include "python/object.hpp"           // IWYU pragma: export
#include "python/pool.hpp"             // IWYU pragma: export
#include "python/queue.hpp"            // IWYU pragma: export
#include "python/synchronization.hpp"  // IWYU pragma: export
