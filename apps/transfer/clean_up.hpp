#pragma once
// Removes what unfinished downloads have left.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "transfer/journal.hpp"

namespace command {

struct CleanUp {
    std::vector<std::filesystem::path> removed;
    std::vector<std::string> problems;  ///< a message for each file or folder
    std::size_t in_use = 0;             ///< how many files another run has open
};

/// Removes the hidden files that downloads have left in the journal's folder and the folders below it, except those
/// that a process has open.
CleanUp remove_partial_files(Journal& journal);

}  // namespace command
