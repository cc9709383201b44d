#pragma once
// What a process gives to the child that it starts: a file without a name, by its descriptor.

#include <cstdint>
#include <string>
#include <vector>

#include "threadwise/detail/multiprocessing/processes/packed_call.hpp"

namespace threadwise::multiprocessing {

/// The variable of the child's environment that holds the descriptor's number.
inline constexpr const char* start_variable = "THREADWISE_START";

/// What the child is to be.
struct ChildStart {
    std::string name;
    /// It ends with this process. 0: it does not.
    int parent = 0;
    detail::CodeAddress run{};
    std::string bytes;
    /// Numbers of descriptors that it owns.
    std::vector<int> descriptors;
};

/// Returns the descriptor, closed on exec. Throws OSError.
int write_start_file(const ChildStart& start);

/// Reads the file and closes its descriptor. Throws RuntimeError if it is none.
ChildStart read_start_file(int descriptor);

}  // namespace threadwise::multiprocessing
