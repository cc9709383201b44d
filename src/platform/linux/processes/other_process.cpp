#include "platform/processes/other_process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace threadwise::platform {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

/// The name of the next entry; null: there is none left.
const char* next_name(const Folder& folder) noexcept {
    const dirent* const entry = readdir(folder.get());  // NOLINT(concurrency-mt-unsafe): each call has its own folder
    return entry == nullptr ? nullptr : entry->d_name;
}

/// -1: that is no number.
int number_in(std::string_view text) noexcept {
    int number = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

/// What open() returned. -1 says something of the other process, unless it is for want of something here: that is
/// thrown.
int opened(int descriptor) {
    if (descriptor == -1 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
        throw std::system_error(errno, std::generic_category(), "cannot look at other processes");
    }
    return descriptor;
}

/// Null: it cannot be opened.
Folder open_folder(int parent, const char* name) {
    const int descriptor = opened(openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return Folder(descriptor == -1 ? nullptr : fdopendir(descriptor));
}

std::string link_text(int folder, const char* name) {
    std::array<char, 256> text{};
    const ssize_t length = readlinkat(folder, name, text.data(), text.size());
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
}

/// What follows the label in the text's line that begins with it.
std::string_view line_after(std::string_view text, std::string_view label) noexcept {
    const std::size_t begin = text.find(label);
    if (begin == std::string_view::npos) return {};
    const std::string_view rest = text.substr(begin + label.size());
    return rest.substr(0, rest.find('\n'));
}

bool is_sealed(int descriptor) noexcept {
    const int seals = fcntl(descriptor, F_GET_SEALS);
    return seals != -1 && (seals & F_SEAL_SHRINK) != 0;
}

}  // namespace

std::vector<int> process_ids() {
    std::vector<int> found;
    const Folder folder(open_folder(AT_FDCWD, "/proc"));
    if (folder == nullptr) return found;
    const uid_t user = geteuid();
    while (const char* const name = next_name(folder)) {
        const int pid = number_in(name);
        struct stat status {};
        if (pid <= 0 || fstatat(dirfd(folder.get()), name, &status, 0) != 0) continue;
        if (user == 0 || status.st_uid == user) found.push_back(pid);
    }
    std::sort(found.begin(), found.end());
    return found;
}

SharedView::SharedView(int descriptor, int number) noexcept : number_(number) {
    struct stat status {};
    if (is_sealed(descriptor) && fstat(descriptor, &status) == 0) {
        inode_ = status.st_ino;
        const auto size = static_cast<std::size_t>(status.st_size);
        void* const data = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
        if (data != MAP_FAILED) bytes_ = {static_cast<const std::byte*>(data), size};
    }
    close(descriptor);
}

SharedView::~SharedView() {
    if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

SharedView::SharedView(SharedView&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), number_(other.number_), inode_(other.inode_) {}

SharedView& SharedView::operator=(SharedView&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    number_ = other.number_;
    inode_ = other.inode_;
    return *this;
}

OtherProcess::OtherProcess(int pid) : pid_(pid) {
    if (pid <= 0) return;
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/%d", pid);
    folder_ = opened(open(path.data(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

OtherProcess::~OtherProcess() {
    if (folder_ != -1) close(folder_);
}

OtherProcess::OtherProcess(OtherProcess&& other) noexcept
    : pid_(other.pid_), folder_(std::exchange(other.folder_, -1)) {}

OtherProcess::Standing OtherProcess::standing() const {
    // "4711 (name) S": the name may have anything in it.
    const std::string stat = read("stat");
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos || name_end + 2 >= stat.size()) return Standing::gone;
    if (std::string_view("ZXx").find(stat[name_end + 2]) != std::string_view::npos) return Standing::gone;
    const int descriptors = opened(openat(folder_, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptors == -1) return errno == EACCES || errno == EPERM ? Standing::forbidden : Standing::gone;
    close(descriptors);
    return Standing::alive;
}

std::uint32_t OtherProcess::own_pid() const {
    // The innermost namespace's number comes last.
    const std::string status = read("status");
    const std::string_view numbers = line_after(status, "\nNSpid:");
    const std::size_t begin = numbers.find_last_of("\t ");
    const int pid = begin == std::string_view::npos ? -1 : number_in(numbers.substr(begin + 1));
    return static_cast<std::uint32_t>(pid == -1 ? pid_ : pid);
}

std::string OtherProcess::command() const {
    std::string words = read("cmdline");
    while (!words.empty() && words.back() == '\0') words.pop_back();
    if (!words.empty()) {
        std::replace(words.begin(), words.end(), '\0', ' ');
        return words;
    }
    std::string name = read("comm");
    if (!name.empty()) name.pop_back();  // the newline
    return name;
}

std::vector<SharedView> OtherProcess::shared_views(const char* name) const {
    std::vector<SharedView> views;
    const Folder folder(open_folder(folder_, "fd"));
    if (folder == nullptr) return views;
    const int descriptors = dirfd(folder.get());
    const std::string wanted = "/memfd:" + std::string(name) + " (deleted)";
    while (const char* const number = next_name(folder)) {
        if (link_text(descriptors, number) != wanted) continue;
        const int file = opened(openat(descriptors, number, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (file == -1) continue;
        SharedView view(file, number_in(number));
        if (!view.bytes().empty()) views.push_back(std::move(view));
    }
    return views;
}

bool OtherProcess::still_shares(const SharedView& view) const {
    struct stat status {};
    const std::string path = "fd/" + std::to_string(view.number_);
    return fstatat(folder_, path.c_str(), &status, 0) == 0 && status.st_ino == view.inode_;
}

bool OtherProcess::read_words(std::span<const std::uintptr_t> addresses, std::span<std::uint32_t> words) const {
    constexpr std::size_t most = IOV_MAX;
    for (std::size_t done = 0; done < addresses.size();) {
        const std::size_t count = std::min(addresses.size() - done, most);
        std::vector<iovec> theirs;
        for (const std::uintptr_t address : addresses.subspan(done, count)) {
            theirs.push_back({reinterpret_cast<void*>(address), sizeof(std::uint32_t)});
        }
        const iovec ours{&words[done], count * sizeof(std::uint32_t)};
        const ssize_t read = process_vm_readv(pid_, &ours, 1, theirs.data(), count, 0);
        if (read == -1 && errno != EFAULT) return false;
        done += static_cast<std::size_t>(std::max<ssize_t>(read, 0)) / sizeof(std::uint32_t);
        if (read < static_cast<ssize_t>(count * sizeof(std::uint32_t))) words[done++] = 0;  // that one is not mapped
    }
    return true;
}

std::string OtherProcess::read(const char* name) const {
    std::string text;
    const int file = opened(openat(folder_, name, O_RDONLY | O_CLOEXEC));
    if (file == -1) return text;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0; (count = ::read(file, buffer.data(), buffer.size())) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    close(file);
    return text;
}

}  // namespace threadwise::platform
