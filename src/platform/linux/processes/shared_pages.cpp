#include "platform/processes/shared_pages.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "platform/linux/processes/file_limit.hpp"

namespace threadwise::platform {
namespace {

// Newer than the headers of Debian 12, or than the oldest kernels.
constexpr unsigned memfd_noexec_seal = 0x8;
constexpr int seal_future_write = 0x10;
constexpr int populate_write = 23;

/// Leaves errno as it was: the calls are made while the library is loaded, after a fork, and as threads start.
class KeptErrno {
public:
    KeptErrno() = default;
    ~KeptErrno() { errno = saved_; }
    KeptErrno(const KeptErrno&) = delete;
    KeptErrno& operator=(const KeptErrno&) = delete;

private:
    int saved_ = errno;
};

/// Kernels before 6.3 do not know that such a file is nothing to execute.
int make_file(const char* name) noexcept {
    const int made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | memfd_noexec_seal);
    return made != -1 || errno != EINVAL ? made : memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

/// To a number that programs which count on low ones do not meet, but still one of the first 64, for which the kernel
/// needs no table.
int moved_away(int descriptor) noexcept {
    constexpr int high = 60;
    const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, high);
    if (moved == -1) return descriptor;
    close(descriptor);
    return moved;
}

/// Nobody can make the file smaller, under the readers, or map it for writing. Kernels before 5.1 lack the last.
bool seal(int descriptor) noexcept {
    constexpr int size_stays = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    return fcntl(descriptor, F_ADD_SEALS, size_stays | seal_future_write) == 0 ||
           fcntl(descriptor, F_ADD_SEALS, size_stays) == 0;
}

bool is_same_file(const SharedPages& pages) noexcept {
    struct stat status {};
    return fstat(pages.descriptor, &status) == 0 && status.st_dev == pages.device && status.st_ino == pages.inode;
}

/// Of the file that `descriptor` stands for.
SharedPages map(int descriptor, std::size_t size) noexcept {
    struct stat status {};
    if (ftruncate(descriptor, static_cast<off_t>(size)) != 0 || fstat(descriptor, &status) != 0) return {};
    void* const data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (data == MAP_FAILED) return {};
    if (!seal(descriptor)) {
        munmap(data, size);
        return {};
    }
    // What has not been committed would fill a core file with zeros.
    madvise(data, size, MADV_DONTDUMP);
    return {static_cast<std::byte*>(data), size, descriptor, status.st_dev, status.st_ino};
}

}  // namespace

SharedPages open_shared_pages(const char* name, std::size_t size) noexcept {
    const KeptErrno kept;
    if (!is_within_file_limit(size)) return {};
    const int made = make_file(name);
    if (made == -1) return {};
    const int descriptor = moved_away(made);
    const SharedPages pages = map(descriptor, size);
    if (pages.data == nullptr) close(descriptor);
    return pages;
}

void close_shared_pages(const SharedPages& pages) noexcept {
    const KeptErrno kept;
    munmap(pages.data, pages.size);
    if (is_same_file(pages)) close(pages.descriptor);
}

bool commit_shared_pages(std::byte* begin, std::size_t size) noexcept {
    const KeptErrno kept;
    // Kernels before 5.14 do not know the call; they lack the memory only where overcommitting is forbidden.
    if (madvise(begin, size, populate_write) != 0 && errno != EINVAL) return false;
    madvise(begin, size, MADV_DODUMP);
    return true;
}

}  // namespace threadwise::platform
