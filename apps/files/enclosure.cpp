#include "files/enclosure.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <utility>

namespace command {
namespace {

namespace fs = std::filesystem;

// The symbolic link to what a descriptor has open. Reading the link gives the real path; opening it, the same file.
fs::path descriptor_link(const FileDescriptor& file) { return "/proc/self/fd/" + std::to_string(file.number()); }

}  // namespace

Enclosure::Enclosure(const fs::path& folder) : folder_(fs::canonical(folder)) {}

std::optional<Enclosure::Entry> Enclosure::open(std::string_view path) const {
    if (path.find('\0') != std::string_view::npos) return std::nullopt;

    // O_PATH locates the file without opening it, which could have an effect (a pipe, a device). Its real path and type
    // are checked, and only then is it opened, by the same descriptor: changes of names in between make no difference.
    const fs::path wanted = folder_.string() + "/" + std::string(path);
    const FileDescriptor located(::open(wanted.c_str(), O_PATH | O_CLOEXEC), wanted);
    if (located.number() == -1) return std::nullopt;
    std::error_code error;
    const fs::path real_path = fs::read_symlink(descriptor_link(located), error);
    if (error || !encloses(real_path)) return std::nullopt;

    Entry entry;
    if (::fstat(located.number(), &entry.status) == -1) return std::nullopt;
    if (!S_ISREG(entry.status.st_mode) && !S_ISDIR(entry.status.st_mode)) return std::nullopt;
    entry.file = FileDescriptor(::open(descriptor_link(located).c_str(), O_RDONLY | O_CLOEXEC), real_path);
    if (entry.file.number() == -1) return std::nullopt;
    return entry;
}

bool Enclosure::encloses(const fs::path& real_path) const {
    return std::mismatch(folder_.begin(), folder_.end(), real_path.begin(), real_path.end()).first == folder_.end();
}

}  // namespace command
