#pragma once
// A file descriptor that closes itself, and whose errors name the file.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

namespace command {

/// Owns a file descriptor. What fails throws std::system_error with the path and the system's reason.
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
    /// A descriptor of its own for what standard input is.
    static FileDescriptor of_standard_input();

    /// Another descriptor for the same open file.
    FileDescriptor duplicate() const;

    int number() const noexcept { return number_; }
    const std::filesystem::path& path() const noexcept { return path_; }

    /// Reads what is there, up to the buffer's size; 0 at the end of the file.
    std::size_t read(std::span<std::byte> buffer) const;

    /// As read(), from `offset` on; the descriptor's own position stays.
    std::size_t read_at(std::uint64_t offset, std::span<std::byte> buffer) const;

    void write_all(std::span<const std::byte> bytes) const;

    /// Cuts the file off; write_all() goes on from there.
    void truncate(std::uint64_t size) const;

    /// Returns when the file's bytes are on the disk.
    void sync() const;

    /// Throws what errno says about `what_failed`, e.g. "cannot write out/a.bin: No space left on device".
    [[noreturn]] void fail(const char* what_failed) const;

private:
    int number_ = -1;
    std::filesystem::path path_;
};

}  // namespace command
