#pragma once
// A temporary folder.

#include <filesystem>

namespace command {

/// Creates a new, empty folder below the system's folder for temporary files; the destructor removes it and its
/// content.
class TemporaryFolder {
public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace command
