#pragma once
// Finds the files that the paths on a command line name.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace command {

/// The path that means standard input. A file of that name can be given as ./-.
inline constexpr std::string_view standard_input = "-";

struct FileTree {
    std::vector<std::string> files;  ///< sorted bytewise, without duplicates
    std::vector<std::string>
        problems;  ///< a message for each folder that cannot be read and each path that does not exist
};

/// The files that `paths` name, and the regular files in and below the folders that they name. Symbolic links are
/// followed if `paths` names them, but not within folders. "-" is passed on as it is.
FileTree collect_files(const std::vector<std::string>& paths);

}  // namespace command
