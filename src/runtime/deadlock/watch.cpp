#include "runtime/deadlock/watch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/deadlock/detector.hpp"
#include "runtime/deadlock/report.hpp"

namespace threadwise::runtime {

constinit std::atomic<std::int64_t> first_look_after{std::chrono::nanoseconds(std::chrono::milliseconds(500)).count()};

namespace {

constexpr std::chrono::minutes longest_pause{1};
/// If other threads are about to sleep or to run each time, the look after that has to do.
constexpr int most_retries = 8;

/// Whether a wait of that kind can be a part of a circle, or of nobody's left to end it.
bool is_watched(WaitKind kind, bool daemon) noexcept {
    switch (kind) {
        case WaitKind::none:
        case WaitKind::sleep:
        case WaitKind::timer:
        case WaitKind::worker:
        case WaitKind::process:
        case WaitKind::exit: return false;
        case WaitKind::semaphore:
        case WaitKind::event:
        case WaitKind::barrier:
        case WaitKind::latch:
        case WaitKind::queue_get:
        case WaitKind::queue_put:
        case WaitKind::queue_join:
        case WaitKind::futures: return !daemon;
        default: return true;
    }
}

}  // namespace

DeadlockWatch::DeadlockWatch(const ThreadRecord& record, const WaitSite& site) noexcept {
    if (detail::WaitParts* const whole = record.wait_parts) {
        times_ = &whole->looks;
        if (std::exchange(whole->begun, true)) return;
    }
    if (site.deadline != platform::never || on_deadlock() == OnDeadlock::ignore) return;
    // relaxed, here and below: a setting, and a mark that does not change any more.
    if (!is_watched(site.kind, record.daemon.load(std::memory_order_relaxed))) return;
    times_->pause = std::chrono::nanoseconds(first_look_after.load(std::memory_order_relaxed));
    times_->uncovered = site.since + times_->pause / 5;  // it sleeps by then
    times_->due = site.since + times_->pause;
}

void DeadlockWatch::look() noexcept {
    const platform::Instant began = platform::now();
    if (!look_for_deadlocks(times_->uncovered) && times_->retries++ < most_retries) {
        times_->due = began + times_->pause / 10;
        return;
    }
    times_->retries = 0;
    times_->uncovered = began;
    times_->pause = std::min<std::chrono::nanoseconds>(2 * times_->pause, longest_pause);
    times_->due = began + times_->pause;
}

}  // namespace threadwise::runtime
