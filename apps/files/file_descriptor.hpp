#pragma once
// A file descriptor that closes itself, and whose errors name the file.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

namespace command {

/// Owns a file descriptor. A call that fails throws std::system_error with the path and the system's reason.
class FileDescriptor {
public:
    FileDescriptor() = default;
    FileDescriptor(int number, std::filesystem::path path) : number_(number), path_(std::move(path)) {}
    FileDescriptor(FileDescriptor&& other) noexcept
        : number_(std::exchange(other.number_, -1)), path_(std::move(other.path_)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(number_, other.number_);
        std::swap(path_, other.path_);
        return *this;
    }
    ~FileDescriptor();

    static FileDescriptor open_for_reading(const std::filesystem::path& path);

    /// A duplicate of standard input's descriptor.
    static FileDescriptor of_standard_input();

    /// Another descriptor for the same open file.
    FileDescriptor duplicate() const;

    int number() const noexcept { return number_; }
    const std::filesystem::path& path() const noexcept { return path_; }

    /// Reads up to `buffer.size()` bytes and returns how many; 0 at the end of the file.
    std::size_t read(std::span<std::byte> buffer) const;

    /// As read(), but from `offset` on and without moving the descriptor's position.
    std::size_t read_at(std::uint64_t offset, std::span<std::byte> buffer) const;

    void write_all(std::span<const std::byte> bytes) const;

    /// Makes the file `size` bytes long; write_all() appends to that.
    void truncate(std::uint64_t size) const;

    /// Writes the file's bytes through to the disk (fsync).
    void sync() const;

    /// Throws an error for errno: fail("cannot write") says "cannot write out/a.bin: No space left on device".
    [[noreturn]] void fail(const char* what_failed) const;

private:
    int number_ = -1;
    std::filesystem::path path_;
};

}  // namespace command
