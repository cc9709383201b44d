#include "platform/asymmetric_fence.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>

namespace threadwise::platform {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool under_thread_sanitizer = true;
#elif defined(__has_feature)
constexpr bool under_thread_sanitizer = __has_feature(thread_sanitizer);
#else
constexpr bool under_thread_sanitizer = false;
#endif

constinit std::atomic<bool> is_enabled{false};  ///< never becomes false again
constinit std::atomic<bool> is_refused{false};

long membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0U, 0); }

/// A read-modify-write, as the thread sanitizer does not know fences.
void full_fence() noexcept {
    static std::atomic<int> word{0};
    word.fetch_add(1, std::memory_order_seq_cst);
}

}  // namespace

bool enable_heavy_fence() noexcept { return !under_thread_sanitizer && enable_unseen_heavy_fence(); }

bool enable_unseen_heavy_fence() noexcept {
    if (!is_enabled && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0) is_enabled = true;
    return is_enabled && !is_refused;
}

bool heavy_fence_refused() noexcept { return is_refused; }

void heavy_fence() noexcept {
    const int saved = errno;
    // Repeated, as the kernel may be out of memory for a moment.
    const int tries = is_refused ? 0 : 100;
    bool fenced = false;
    for (int i = 0; i < tries && !fenced; ++i) fenced = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;
    if (!fenced || under_thread_sanitizer) full_fence();
    if (!fenced && is_enabled) {
        // Refused from now on, by a seccomp filter. No store stays in a core's store buffer for nearly as long as this.
        constexpr timespec long_enough{.tv_sec = 0, .tv_nsec = 1'000'000};
        nanosleep(&long_enough, nullptr);
        is_refused = true;
    }
    errno = saved;
}

}  // namespace threadwise::platform
