#pragma once
// A file that appears under its name only when it is whole.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "files/file_descriptor.hpp"

namespace command {

/// Collects bytes in a hidden file beside the final one (".NAME.RANDOM.part"), which publish() renames and the
/// destructor removes. So whoever sees NAME sees all of it, whatever ends the program. One thread at a time.
class PendingFile {
public:
    /// Creates the hidden file for `name`, which may have folders in it that are there. Throws std::system_error when
    /// the directory refuses.
    PendingFile(const std::filesystem::path& directory, const std::string& name);
    PendingFile(const PendingFile&) = delete;
    PendingFile& operator=(const PendingFile&) = delete;
    ~PendingFile();

    void append(std::span<const std::byte> bytes);

    /// Throws away what was collected.
    void restart();

    /// Brings the bytes to the disk, then gives the file its name in one step. Throws std::system_error; with
    /// `replace` false also (std::errc::file_exists) when somebody made a file of that name meanwhile.
    void publish(bool replace);

private:
    std::filesystem::path final_path_;
    FileDescriptor file_;
    bool published_ = false;
};

}  // namespace command
