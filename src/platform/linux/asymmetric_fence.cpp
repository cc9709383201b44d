#include "platform/asymmetric_fence.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace threadwise::platform {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool under_thread_sanitizer = true;
#elif defined(__has_feature)
constexpr bool under_thread_sanitizer = __has_feature(thread_sanitizer);
#else
constexpr bool under_thread_sanitizer = false;
#endif

long membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0U, 0); }

/// A read-modify-write, since the thread sanitizer does not know fences.
void full_fence() noexcept {
    static std::atomic<int> word{0};
    word.fetch_add(1, std::memory_order_seq_cst);
}

}  // namespace

bool enable_heavy_fence() noexcept { return !under_thread_sanitizer && enable_unseen_heavy_fence(); }

bool enable_unseen_heavy_fence() noexcept { return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0; }

void heavy_fence() noexcept {
    const int saved = errno;
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 || under_thread_sanitizer) full_fence();
    errno = saved;
}

}  // namespace threadwise::platform
