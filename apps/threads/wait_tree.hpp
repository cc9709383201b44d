#pragma once
// Threads as a tree: below each one those that wait for it.

#include <cstddef>
#include <string>
#include <vector>

#include "threadwise/inspect.hpp"

namespace command {

struct TreeRow {
    std::size_t thread;     ///< its index
    std::string branch;     ///< what is drawn before its name
    std::size_t depth = 0;  ///< 0: it is below no other
};

/// Of the threads with these indices, in this order: first those that are waited for, below each of them those that
/// wait; then those that nobody waits for, and that wait for nobody. A circle begins with the first of its threads.
/// Each thread is there once: one that waits for several threads is below the first of them.
std::vector<TreeRow> wait_tree(const threadwise::inspect::Snapshot& snapshot, const std::vector<std::size_t>& order);

}  // namespace command
