#pragma once
// Access to the files below one folder, and to no others.

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string_view>

#include "files/file_descriptor.hpp"

namespace command {

/// Opens files and folders below one folder, and nothing else: neither ".." nor symbolic links lead out of it, not even
/// if a folder is replaced by a link during the call. Any thread may call it.
class Enclosure {
public:
    /// Throws std::system_error if `folder` does not exist.
    explicit Enclosure(const std::filesystem::path& folder);

    struct Entry {
        FileDescriptor file;  ///< open for reading
        struct stat status {};

        bool is_folder() const noexcept { return S_ISDIR(status.st_mode); }
    };

    /// Opens the file or folder at `path`, which is relative to the folder, even with a slash before it. Nothing if it
    /// does not exist, lies outside, cannot be read, or is neither file nor folder.
    std::optional<Entry> open(std::string_view path) const;

    const std::filesystem::path& folder() const noexcept { return folder_; }

private:
    bool encloses(const std::filesystem::path& real_path) const;

    std::filesystem::path folder_;  ///< canonical: without symbolic links
};

}  // namespace command
