#pragma once
// A process's threads in a few numbers.

#include <cstddef>
#include <string>

#include "threadwise/inspect.hpp"

namespace command {

struct Summary {
    std::size_t threads = 0;
    std::size_t waiting = 0;
    double longest_wait = 0;  ///< in seconds
    std::size_t cycles = 0;   ///< of threads that wait for each other
};

Summary summary_of(const threadwise::inspect::Snapshot& snapshot);

/// How long the thread has waited when the snapshot was taken, in seconds.
double seconds_waited(const threadwise::inspect::ThreadInfo& thread, const threadwise::inspect::Snapshot& snapshot);

/// Control characters become question marks: what another process calls its threads must not move the cursor.
std::string printable(std::string text);

}  // namespace command
