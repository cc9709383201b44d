#include "files/partial_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <random>
#include <string_view>
#include <system_error>

#include "base/random.hpp"

namespace command {
namespace {

constexpr std::size_t random_size = 8;

std::string random_letters() {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::uniform_int_distribution<std::size_t> pick(0, letters.size() - 1);
    std::string text;
    for (std::size_t i = 0; i < random_size; ++i) text += letters[pick(thread_random())];
    return text;
}

// Shortens `name` so that the hidden name fits into the 255 bytes that a file name may have. Cuts between UTF-8
// characters, as some file systems accept nothing else.
std::string cut(std::string name) {
    std::size_t size = std::min<std::size_t>(name.size(), 200);
    while (size > 0 && size < name.size() && (static_cast<unsigned char>(name[size]) & 0xC0U) == 0x80U) --size;
    name.resize(size);
    return name;
}

// Renames unless `to` exists. On a file system that cannot do so atomically it looks first, and may then replace a file
// that another process creates in between.
int rename_unless_there(const char* from, const char* to) {
    if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    if (::faccessat(AT_FDCWD, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return std::rename(from, to);
}

struct stat status_of(const FileDescriptor& file) {
    struct stat status {};
    if (::fstat(file.number(), &status) == -1) file.fail("cannot look at");
    return status;
}

constexpr std::string_view hidden_ending = ".part";

}  // namespace

std::string PartialFile::hidden_name(const std::string& name) {
    const std::filesystem::path path = name;
    return path.parent_path() / fmt::format(".{}.{}{}", cut(path.filename()), random_letters(), hidden_ending);
}

bool PartialFile::is_hidden_name(std::string_view name) {
    return name.size() > hidden_ending.size() + 2 + random_size && name.starts_with('.') &&
           name.ends_with(hidden_ending) && name[name.size() - hidden_ending.size() - random_size - 1] == '.';
}

bool PartialFile::belongs_to(const std::filesystem::path& hidden, const std::filesystem::path& name) {
    return hidden.parent_path() == name.parent_path() && is_hidden_name(hidden.filename().string());
}

PartialFile PartialFile::create(const std::filesystem::path& path) {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), path);
    if (file.number() == -1) file.fail("cannot create");
    // May fail: on a file system without locks, reopen() cannot tell that the file is in use.
    ::flock(file.number(), LOCK_EX | LOCK_NB);
    return PartialFile(std::move(file));
}

std::optional<PartialFile> PartialFile::reopen(const std::filesystem::path& path) {
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), path);
    if (file.number() == -1) return std::nullopt;
    struct stat status {};
    if (::fstat(file.number(), &status) == -1 || !S_ISREG(status.st_mode)) return std::nullopt;
    if (::flock(file.number(), LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK) return std::nullopt;
    return PartialFile(std::move(file));
}

std::uint64_t PartialFile::size() const { return static_cast<std::uint64_t>(status_of(file_).st_size); }

std::int64_t PartialFile::modified() const { return modification_time(status_of(file_)); }

void PartialFile::append(std::span<const std::byte> bytes) const { file_.write_all(bytes); }

void PartialFile::truncate(std::uint64_t size) const { file_.truncate(size); }

void PartialFile::sync() const { file_.sync(); }

void PartialFile::publish(const std::filesystem::path& final_path, bool replace) {
    const char* from = path().c_str();
    const int result = replace ? std::rename(from, final_path.c_str()) : rename_unless_there(from, final_path.c_str());
    if (result == -1) {
        throw std::system_error(errno, std::generic_category(), "cannot give the file its name " + final_path.string());
    }
    file_ = {};
}

void PartialFile::remove() noexcept {
    if (is_open()) ::unlink(path().c_str());
    file_ = {};
}

std::int64_t modification_time(const struct stat& status) {
    constexpr std::int64_t second = 1'000'000'000;
    return status.st_mtim.tv_sec * second + status.st_mtim.tv_nsec;
}

// Some directories cannot be opened or synced, which is not an error; but a failing or full disk is.
void sync_directory(const std::filesystem::path& directory) {
    const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), directory);
    if (opened.number() == -1 || ::fsync(opened.number()) == 0) return;
    if (errno == EIO || errno == ENOSPC || errno == EDQUOT) opened.fail("cannot write the folder");
}

}  // namespace command
