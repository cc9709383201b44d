#include "platform/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace threadwise::platform {
namespace {

timespec to_timespec(Instant deadline) noexcept {
    // The kernel refuses a time before its clock began; such a deadline has passed, as the beginning itself has.
    const auto since_boot =
        std::max(std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count(), 0L);
    return {.tv_sec = since_boot / 1'000'000'000, .tv_nsec = since_boot % 1'000'000'000};
}

}  // namespace

FutexResult futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Instant deadline) noexcept {
    // WAIT_BITSET takes an absolute deadline on the monotonic clock: waiting again after a spurious wake-up cannot
    // drift.
    const timespec until = to_timespec(deadline);
    const int saved = errno;
    const long result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                                deadline == never ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
    const int error = result == 0 ? 0 : errno;
    errno = saved;
    switch (error) {
        case ETIMEDOUT: return FutexResult::timed_out;
        case EINTR: return FutexResult::signalled;
        default: return FutexResult::woken;
    }
}

void futex_wake(const std::atomic<std::uint32_t>* word, int count) noexcept {
    const int saved = errno;  // callable from a signal handler
    // The sleeper relies on the wake-up, so it is tried again if the kernel refuses it for a moment.
    constexpr int tries = 100;
    for (int i = 0; i < tries && syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0) < 0; ++i) {}
    errno = saved;
}

}  // namespace threadwise::platform
