#include "files/pending_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <random>
#include <string_view>
#include <system_error>

namespace command {
namespace {

std::string random_letters() {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::random_device device;
    std::uniform_int_distribution<std::size_t> pick(0, letters.size() - 1);
    std::string text;
    for (int i = 0; i < 8; ++i) text += letters[pick(device)];
    return text;
}

// Where `name` is cut so that the hidden name is no longer than a file's name may be (255 bytes): between characters of
// UTF-8, as some file systems accept nothing else.
std::string cut(std::string name) {
    std::size_t size = std::min<std::size_t>(name.size(), 200);
    while (size > 0 && size < name.size() && (static_cast<unsigned char>(name[size]) & 0xC0U) == 0x80U) --size;
    name.resize(size);
    return name;
}

FileDescriptor create_hidden(const std::filesystem::path& final_path) {
    const std::string start = cut(final_path.filename());
    while (true) {
        std::filesystem::path path = final_path.parent_path() / fmt::format(".{}.{}.part", start, random_letters());
        const int number = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        const int error = errno;
        FileDescriptor file(number, std::move(path));
        if (number != -1) return file;
        errno = error;
        if (error != EEXIST && error != EINTR) file.fail("cannot create");
    }
}

// Not every file system can rename without replacing; there, the look beforehand has to do.
int rename_unless_there(const char* from, const char* to) {
    if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    if (::faccessat(AT_FDCWD, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return std::rename(from, to);
}

// So that the new name, too, is there after a loss of power. Not every directory can be opened or synced; one that can,
// and fails, says that the disk does.
void sync_directory(const std::filesystem::path& directory) {
    const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), directory);
    if (opened.number() == -1 || ::fsync(opened.number()) == 0) return;
    if (errno == EIO || errno == ENOSPC || errno == EDQUOT) opened.fail("cannot write the folder");
}

}  // namespace

PendingFile::PendingFile(const std::filesystem::path& directory, const std::string& name)
    : final_path_(directory / name), file_(create_hidden(final_path_)) {}

PendingFile::~PendingFile() {
    if (!published_) ::unlink(file_.path().c_str());
}

void PendingFile::append(std::span<const std::byte> bytes) { file_.write_all(bytes); }

void PendingFile::restart() { file_.truncate(); }

void PendingFile::publish(bool replace) {
    file_.sync();
    const char* from = file_.path().c_str();
    const int result =
        replace ? std::rename(from, final_path_.c_str()) : rename_unless_there(from, final_path_.c_str());
    if (result == -1) {
        throw std::system_error(errno, std::generic_category(),
                                "cannot give the file its name " + final_path_.string());
    }
    published_ = true;
    sync_directory(final_path_.parent_path());
}

}  // namespace command
