#include "files/file_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace command {
namespace {

// Repeats a system call that a signal cut short.
template <class Call>
auto uninterrupted(Call call) {
    auto result = call();
    while (result == -1 && errno == EINTR) result = call();
    return result;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
    if (number_ != -1) ::close(number_);
}

FileDescriptor FileDescriptor::open_for_reading(const std::filesystem::path& path) {
    FileDescriptor file(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }), path);
    if (file.number_ == -1) file.fail("cannot open");
    return file;
}

FileDescriptor FileDescriptor::duplicate() const {
    FileDescriptor copy(::fcntl(number_, F_DUPFD_CLOEXEC, 0), path_);
    if (copy.number_ == -1) fail("cannot open");
    return copy;
}

FileDescriptor FileDescriptor::of_standard_input() {
    FileDescriptor file(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), "standard input");
    if (file.number_ == -1) file.fail("cannot read");
    return file;
}

std::size_t FileDescriptor::read(std::span<std::byte> buffer) const {
    const auto count = uninterrupted([&] { return ::read(number_, buffer.data(), buffer.size()); });
    if (count == -1) fail("cannot read");
    return static_cast<std::size_t>(count);
}

std::size_t FileDescriptor::read_at(std::uint64_t offset, std::span<std::byte> buffer) const {
    const auto count =
        uninterrupted([&] { return ::pread(number_, buffer.data(), buffer.size(), static_cast<off_t>(offset)); });
    if (count == -1) fail("cannot read");
    return static_cast<std::size_t>(count);
}

void FileDescriptor::write_all(std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
        const auto count = uninterrupted([&] { return ::write(number_, bytes.data(), bytes.size()); });
        if (count == -1) fail("cannot write");
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

void FileDescriptor::truncate(std::uint64_t size) const {
    const auto end = static_cast<off_t>(size);
    if (::ftruncate(number_, end) == -1 || ::lseek(number_, end, SEEK_SET) == -1) fail("cannot truncate");
}

void FileDescriptor::sync() const {
    if (uninterrupted([&] { return ::fsync(number_); }) == -1) fail("cannot write");
}

void FileDescriptor::fail(const char* what_failed) const {
    throw std::system_error(errno, std::generic_category(), std::string(what_failed) + " " + path_.string());
}

}  // namespace command
