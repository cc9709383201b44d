#pragma once
// The files that paths on a command line stand for.

#include <filesystem>
#include <string>
#include <vector>

namespace command {

struct FileTree {
    std::vector<std::string> files;     ///< sorted by their bytes, each once
    std::vector<std::string> problems;  ///< folders that cannot be read, paths that are not there: one message each
};

/// The files that `paths` name, and those in and below the folders that they name. Symbolic links are followed where
/// `paths` names them but not within folders, where sockets, devices and pipes are left out too.
FileTree collect_files(const std::vector<std::string>& paths);

}  // namespace command
