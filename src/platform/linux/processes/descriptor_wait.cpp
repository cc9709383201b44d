#include "platform/processes/descriptor_wait.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

#include "platform/processes/process.hpp"

namespace threadwise::platform {
namespace {

/// How late wake() may come to a thread that has no eventfd.
constexpr std::chrono::milliseconds between_looks{10};

timespec time_left(Instant deadline) noexcept {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - now());
    const std::int64_t count = std::max<std::int64_t>(left.count(), 0);
    return {.tv_sec = count / 1'000'000'000, .tv_nsec = count % 1'000'000'000};
}

}  // namespace

DescriptorWaker::~DescriptorWaker() { close(); }

void DescriptorWaker::close() noexcept {
    // relaxed: nobody wakes a thread that does not sleep.
    const int event = event_.exchange(-1, std::memory_order_relaxed);
    if (event >= 0) ::close(event);
}

void DescriptorWaker::prepare() noexcept {
    const int saved = errno;
    if (process_ != this_process()) close();
    if (event_.load(std::memory_order_relaxed) < 0) {  // relaxed: written by this thread
        // relaxed: the waker has seen the word that the caller changes next.
        event_.store(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), std::memory_order_relaxed);
        process_ = this_process();
    }
    errno = saved;
}

FutexResult DescriptorWaker::wait(AwaitedDescriptor awaited, Instant deadline) noexcept {
    const int saved = errno;
    const int event = event_.load(std::memory_order_relaxed);  // relaxed: written by this thread
    const short wanted = awaited.ready == AwaitedDescriptor::Ready::read ? POLLIN : POLLOUT;
    // poll() leaves out negative descriptors.
    std::array polled{pollfd{.fd = awaited.descriptor, .events = wanted, .revents = 0},
                      pollfd{.fd = event, .events = POLLIN, .revents = 0},
                      pollfd{.fd = awaited.process, .events = POLLIN, .revents = 0}};
    const Instant end = event >= 0 ? deadline : std::min(deadline, now() + between_looks);
    const timespec left = time_left(end);
    const int ready = ppoll(polled.data(), polled.size(), end == never ? nullptr : &left, nullptr);
    const int error = errno;
    if (polled[1].revents != 0) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = read(event, &count, sizeof(count));
    }
    errno = saved;
    if (ready < 0) return error == EINTR ? FutexResult::signalled : FutexResult::woken;
    return ready == 0 && end == deadline ? FutexResult::timed_out : FutexResult::woken;
}

void DescriptorWaker::wake() noexcept {
    const int saved = errno;
    const std::uint64_t one = 1;
    // relaxed: stored before the word that brought the caller here.
    const int event = event_.load(std::memory_order_relaxed);
    if (event >= 0) {
        [[maybe_unused]] const auto written = write(event, &one, sizeof(one));
    }
    errno = saved;
}

}  // namespace threadwise::platform
