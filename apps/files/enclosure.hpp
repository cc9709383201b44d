#pragma once
// A folder from which nothing outside can be reached.

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string_view>

#include "files/file_descriptor.hpp"

namespace command {

/// Opens what is below one folder, and nothing else: neither ".." nor symbolic links lead out, not even when somebody
/// swaps a folder for a link at that moment. Any thread may call it.
class Enclosure {
public:
    /// Throws std::system_error when `folder` is not there.
    explicit Enclosure(const std::filesystem::path& folder);

    struct Entry {
        FileDescriptor file;  ///< open for reading
        struct stat status {};

        bool is_folder() const noexcept { return S_ISDIR(status.st_mode); }
    };

    /// The file or folder at `path`, relative to the folder with or without a slash before it; nothing when there is
    /// none, when it lies outside, when it cannot be read, or when it is neither file nor folder.
    std::optional<Entry> open(std::string_view path) const;

    const std::filesystem::path& folder() const noexcept { return folder_; }

private:
    bool encloses(const std::filesystem::path& real_path) const;

    std::filesystem::path folder_;  ///< without symbolic links in it
};

}  // namespace command
