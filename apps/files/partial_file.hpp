#pragma once
// A file that gets its name only once it is complete.

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "files/file_descriptor.hpp"

namespace command {

/// Collects bytes in a hidden file, which publish() renames to its final name. The hidden file outlives the object and
/// the process unless remove() or publish() was called, so that a later run can continue it. It is locked (flock) while
/// the object lives: other processes see that it is in use. Not thread-safe.
class PartialFile {
public:
    PartialFile() = default;

    /// A new hidden name in the same folder as `name`: "1/.a.RANDOM.part" for "1/a".
    static std::string hidden_name(const std::string& name);

    /// Whether a file name, without folders, has the form that hidden_name() makes.
    static bool is_hidden_name(std::string_view name);

    /// Whether `hidden` has that form and is in the same folder as `name`.
    static bool belongs_to(const std::filesystem::path& hidden, const std::filesystem::path& name);

    /// Creates the file `path`. Throws std::system_error if that fails or the file exists.
    static PartialFile create(const std::filesystem::path& path);

    /// Opens a file that an earlier process left, to append to it; nothing if there is none, or another process has it
    /// locked.
    static std::optional<PartialFile> reopen(const std::filesystem::path& path);

    bool is_open() const noexcept { return file_.number() != -1; }
    const std::filesystem::path& path() const noexcept { return file_.path(); }
    std::uint64_t size() const;

    /// modification_time() of the file.
    std::int64_t modified() const;

    void append(std::span<const std::byte> bytes) const;

    /// Makes the file `size` bytes long; append() appends to that.
    void truncate(std::uint64_t size) const;

    /// Another descriptor for the file, by which another thread can sync it.
    FileDescriptor duplicate() const { return file_.duplicate(); }

    /// Writes its bytes through to the disk (fsync).
    void sync() const;

    /// Renames the file to `final_path`, atomically. Throws std::system_error if that fails; with `replace` false also
    /// (std::errc::file_exists) if a file of that name exists.
    void publish(const std::filesystem::path& final_path, bool replace);

    /// Deletes the hidden file.
    void remove() noexcept;

private:
    explicit PartialFile(FileDescriptor file) : file_(std::move(file)) {}

    FileDescriptor file_;
};

/// When a file's bytes changed last (mtime), in nanoseconds since 1970.
std::int64_t modification_time(const struct stat& status);

/// Writes the names in `directory` through to the disk, so that a loss of power does not undo a rename. Throws
/// std::system_error if the disk fails.
void sync_directory(const std::filesystem::path& directory);

}  // namespace command
