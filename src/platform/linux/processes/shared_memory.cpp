#include "platform/processes/shared_memory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <string_view>

#include "platform/linux/processes/file_limit.hpp"

namespace threadwise::platform {
namespace {

/// Where shm_open() keeps its files.
constexpr const char* folder_of_names = "/dev/shm";

/// Calls a system function again as long as a signal has ended it.
template <class Call>
auto without_signals(Call call) noexcept {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

/// Closes a descriptor and gives its lock back. The kernel does that only when all copies of the descriptor are closed,
/// and a process that was forked meanwhile has one: it would wait for itself.
void close_unlocked(int descriptor) noexcept {
    without_signals([&] { return flock(descriptor, LOCK_UN); });
    close(descriptor);
}

OpenedMemory failed(int descriptor, int error) noexcept {
    if (descriptor >= 0) close_unlocked(descriptor);
    return {.descriptor = -1, .error = error};
}

bool has_name(int descriptor) noexcept {
    struct stat status {};
    return fstat(descriptor, &status) == 0 && status.st_nlink > 0;
}

bool fits(std::size_t size) noexcept {
    return size <= static_cast<std::size_t>(std::numeric_limits<off_t>::max()) && is_within_file_limit(size);
}

int reserve(int descriptor, std::size_t size) noexcept {
    int error = posix_fallocate(descriptor, 0, static_cast<off_t>(size));
    while (error == EINTR) error = posix_fallocate(descriptor, 0, static_cast<off_t>(size));
    return error;
}

/// 0, or an errno. A lock is changed in two steps, and somebody may sweep the file away in between. Then it has no name
/// any more: ENOENT.
int lock_named(int descriptor, int operation) noexcept {
    if (without_signals([&] { return flock(descriptor, operation); }) != 0) return errno;
    return has_name(descriptor) ? 0 : ENOENT;
}

bool is_own_and_empty(int descriptor) noexcept {
    struct stat status {};
    return fstat(descriptor, &status) == 0 && status.st_uid == geteuid() && status.st_size == 0;
}

/// Removes the name if its maker died before it gave the file its size. A maker that lives has the lock, or makes
/// another file once it has found its name gone.
bool remove_unfinished(const char* name) noexcept {
    const int descriptor = shm_open(name, O_RDWR | O_CLOEXEC, 0);
    if (descriptor < 0) return false;
    const bool removed = is_own_and_empty(descriptor) && lock_named(descriptor, LOCK_EX | LOCK_NB) == 0 &&
                         is_own_and_empty(descriptor) && shm_unlink(name) == 0;
    close_unlocked(descriptor);
    return removed;
}

}  // namespace

OpenedMemory make_anonymous_memory(std::size_t size) noexcept {
    if (!fits(size)) return failed(-1, EFBIG);
    const int descriptor = memfd_create("threadwise-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0) return failed(-1, errno);
    if (ftruncate(descriptor, static_cast<off_t>(size)) != 0) return failed(descriptor, errno);
    if (fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return failed(descriptor, errno);
    }
    return {.descriptor = descriptor};
}

OpenedMemory make_named_memory(const char* name, std::size_t size) noexcept {
    if (!fits(size)) return failed(-1, EFBIG);
    for (;;) {
        const int descriptor = shm_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (const int error = errno; descriptor < 0) {
            if (error == EEXIST && remove_unfinished(name)) continue;
            return failed(-1, error);
        }
        // Whoever opens it meanwhile waits for the lock until it is whole.
        int error = lock_named(descriptor, LOCK_EX);
        if (error == 0) error = reserve(descriptor, size);
        if (error == 0) error = lock_named(descriptor, LOCK_SH);
        if (error == 0) return {.descriptor = descriptor};
        if (error != ENOENT) {
            shm_unlink(name);
            return failed(descriptor, error);
        }
        close_unlocked(descriptor);
    }
}

OpenedMemory open_named_memory(const char* name) noexcept {
    const int descriptor = shm_open(name, O_RDWR | O_CLOEXEC, 0);
    if (descriptor < 0) return failed(-1, errno);
    struct stat status {};
    if (fstat(descriptor, &status) != 0) return failed(descriptor, errno);
    if (status.st_uid != geteuid()) return failed(descriptor, EACCES);
    if (const int error = lock_named(descriptor, LOCK_SH); error != 0) return failed(descriptor, error);
    if (fstat(descriptor, &status) != 0) return failed(descriptor, errno);
    if (status.st_size == 0) return failed(descriptor, ENOENT);
    return {.descriptor = descriptor};
}

OpenedMemory duplicate_memory(int descriptor) noexcept {
    const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return copy >= 0 ? OpenedMemory{.descriptor = copy} : failed(-1, errno);
}

void close_named_memory(int descriptor, const char* name) noexcept {
    // One of several that try this at once fails, but loses its shared lock by that: the last one succeeds.
    if (lock_named(descriptor, LOCK_EX | LOCK_NB) == 0) shm_unlink(name);
    close_unlocked(descriptor);
}

void close_memory(int descriptor) noexcept { close(descriptor); }

int remove_memory_name(const char* name) noexcept { return shm_unlink(name) == 0 ? 0 : errno; }

void sweep_memory_names(const char* beginning) noexcept {
    DIR* const folder = opendir(folder_of_names);
    if (folder == nullptr) return;
    while (const dirent* entry = readdir(folder)) {  // NOLINT(concurrency-mt-unsafe): a stream of its own
        const std::string_view name(static_cast<const char*>(entry->d_name));
        if (!name.starts_with(beginning)) continue;
        const int file = openat(dirfd(folder), entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        struct stat status {};
        const bool own = file >= 0 && fstat(file, &status) == 0 && status.st_uid == geteuid();
        if (own && lock_named(file, LOCK_EX | LOCK_NB) == 0) unlinkat(dirfd(folder), entry->d_name, 0);
        if (file >= 0) close_unlocked(file);
    }
    closedir(folder);
}

std::span<std::byte> map_memory(int descriptor) noexcept {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) return {};
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const view = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (view == MAP_FAILED) return {};
    return {static_cast<std::byte*>(view), size};
}

void unmap_memory(std::span<std::byte> view) noexcept { munmap(view.data(), view.size()); }

bool fill_randomly(std::span<std::byte> bytes) noexcept {
    return without_signals([&] { return getrandom(bytes.data(), bytes.size(), 0); }) ==
           static_cast<ssize_t>(bytes.size());
}

}  // namespace threadwise::platform
