#pragma once
// The files that paths on a command line stand for.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace command {

/// The path that stands for it. A file of that name is ./- instead.
inline constexpr std::string_view standard_input = "-";

struct FileTree {
    std::vector<std::string> files;     ///< sorted by their bytes, each once
    std::vector<std::string> problems;  ///< folders that cannot be read, paths that are not there: one message each
};

/// The files that `paths` name, and those in and below the folders that they name. Symbolic links are followed where
/// `paths` names them but not within folders, where sockets, devices and pipes are left out too. "-" stands for itself.
FileTree collect_files(const std::vector<std::string>& paths);

}  // namespace command
