#include "files/file_tree.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace command {
namespace {

namespace fs = std::filesystem;

void collect_folder(const fs::path& folder, FileTree& tree) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code gone;  // what disappears meanwhile is left out
        const auto type = entry->symlink_status(gone).type();
        if (type == fs::file_type::directory) collect_folder(entry->path(), tree);
        if (type == fs::file_type::regular) tree.files.push_back(entry->path().string());
    }
    if (error) tree.problems.push_back(fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
}

}  // namespace

FileTree collect_files(const std::vector<std::string>& paths) {
    FileTree tree;
    for (const auto& path : paths) {
        if (path == standard_input) {
            tree.files.push_back(path);
            continue;
        }
        std::error_code error;
        const auto status = fs::status(path, error);
        if (fs::is_directory(status)) {
            collect_folder(path, tree);
        } else if (fs::exists(status)) {
            tree.files.push_back(path);
        } else {
            tree.problems.push_back(
                fmt::format("cannot open {}: {}", path, error ? error.message() : "it is not there"));
        }
    }
    std::ranges::sort(tree.files);
    tree.files.erase(std::unique(tree.files.begin(), tree.files.end()), tree.files.end());
    return tree;
}

}  // namespace command
