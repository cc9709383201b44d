#pragma once
// What unfinished downloads have left.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "transfer/journal.hpp"

namespace command {

struct CleanUp {
    std::vector<std::filesystem::path> removed;
    std::vector<std::string> problems;  ///< one message each
    std::size_t in_use = 0;             ///< by other runs
};

/// Removes the hidden files that downloads into the journal's folder and the folders below it have left, but for those
/// that a program has open.
CleanUp remove_partial_files(Journal& journal);

}  // namespace command
