// Both words are waited for by one call, futex_waitv (Linux 5.16). Where the kernel or a sandbox does not have that,
// the thread sleeps on the shared word alone, and looks at its own every few milliseconds.

#include "platform/processes/shared_futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>

namespace threadwise::platform {
namespace {

/// How late a wake-up by way of the thread's own word may come where there is no futex_waitv.
constexpr std::chrono::milliseconds between_looks{10};

timespec to_timespec(Instant deadline) noexcept {
    // The kernel refuses a time before its clock began; such a deadline has passed, as the beginning itself has.
    const auto since_boot =
        std::max(std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count(), 0L);
    return {.tv_sec = since_boot / 1'000'000'000, .tv_nsec = since_boot % 1'000'000'000};
}

/// 0 when woken, or errno.
int wait_for_both(AwaitedWord shared, AwaitedWord own, Instant deadline) noexcept {
#ifdef SYS_futex_waitv
    const auto waiter = [](AwaitedWord awaited, std::uint32_t flags) {
        return futex_waitv{.val = awaited.expected,
                           .uaddr = reinterpret_cast<std::uintptr_t>(&awaited.word),
                           .flags = FUTEX_32 | flags,
                           .__reserved = 0};
    };
    std::array waiters{waiter(shared, 0), waiter(own, FUTEX_PRIVATE_FLAG)};
    timespec until = to_timespec(deadline);
    const long result = syscall(SYS_futex_waitv, waiters.data(), waiters.size(), 0,
                                deadline == never ? nullptr : &until, CLOCK_MONOTONIC);
    return result >= 0 ? 0 : errno;
#else
    return ENOSYS;
#endif
}

/// The same for the shared word alone.
int wait_for_shared(AwaitedWord shared, Instant deadline) noexcept {
    const timespec until = to_timespec(deadline);
    const long result =
        syscall(SYS_futex, &shared.word, FUTEX_WAIT_BITSET, shared.expected, &until, nullptr, FUTEX_BITSET_MATCH_ANY);
    return result == 0 ? 0 : errno;
}

}  // namespace

FutexResult shared_futex_wait(AwaitedWord shared, AwaitedWord own, Instant deadline) noexcept {
    const int saved = errno;
    int error = wait_for_both(shared, own, deadline);
    const bool known = error == 0 || error == EAGAIN || error == ETIMEDOUT || error == EINTR;
    if (!known) {
        const Instant next_look = std::min(deadline, now() + between_looks);
        error = wait_for_shared(shared, next_look);
        if (error == ETIMEDOUT && next_look != deadline) error = 0;
    }
    errno = saved;
    switch (error) {
        case ETIMEDOUT: return FutexResult::timed_out;
        case EINTR: return FutexResult::signalled;
        default: return FutexResult::woken;
    }
}

int shared_futex_wake(const std::atomic<std::uint32_t>* word, int count) noexcept {
    const int saved = errno;
    const long woken = syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
    errno = saved;
    return woken > 0 ? static_cast<int>(woken) : 0;
}

}  // namespace threadwise::platform
