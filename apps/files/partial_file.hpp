#pragma once
// A file that has no name of its own until it is whole.

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

/// Collects bytes in a hidden file, which publish() gives its final name. The hidden file outlives the object, and the
/// program, unless remove() or publish() was called. It is locked (flock) while the object lives, so that other
/// programs can tell that it is in use. One thread at a time.
class PartialFile {
public:
    PartialFile() = default;

    /// A fresh hidden name in the folder that `name` has it in: "1/.a.RANDOM.part" for "1/a".
    static std::string hidden_name(const std::string& name);

    /// Whether a file of that name, without folders, is hidden_name()'s.
    static bool is_hidden_name(std::string_view name);

    /// Whether hidden_name(name) could be `hidden`.
    static bool belongs_to(const std::filesystem::path& hidden, const std::filesystem::path& name);

    /// Creates the file `path`. Throws std::system_error where the folder refuses, or such a file is there.
    static PartialFile create(const std::filesystem::path& path);

    /// Opens what an earlier program left, to append to it; nothing where there is no such file, or a program still has
    /// it.
    static std::optional<PartialFile> reopen(const std::filesystem::path& path);

    bool is_open() const noexcept { return file_.number() != -1; }
    const std::filesystem::path& path() const noexcept { return file_.path(); }
    std::uint64_t size() const;

    /// time_of() it.
    std::int64_t modified() const;

    void append(std::span<const std::byte> bytes) const;

    /// Cuts it off; append() goes on from there.
    void truncate(std::uint64_t size) const;

    /// The file once more, to sync it on another thread.
    FileDescriptor duplicate() const { return file_.duplicate(); }

    /// Returns when its bytes are on the disk.
    void sync() const;

    /// Gives the file its name in one step. Throws std::system_error; with `replace` false also
    /// (std::errc::file_exists) when somebody made a file of that name meanwhile.
    void publish(const std::filesystem::path& final_path, bool replace);

    void remove() noexcept;

private:
    explicit PartialFile(FileDescriptor file) : file_(std::move(file)) {}

    FileDescriptor file_;
};

/// When a file's bytes changed last, in nanoseconds since 1970.
std::int64_t time_of(const struct stat& status);

/// Makes new names in `directory` outlast a loss of power. Throws std::system_error where the disk fails.
void sync_directory(const std::filesystem::path& directory);

}  // namespace command
