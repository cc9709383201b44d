#include "runtime/deadlock/watch.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "runtime/deadlock/blocked_threads.hpp"
#include "runtime/deadlock/detector.hpp"
#include "runtime/deadlock/report.hpp"

namespace threadwise::runtime {

constinit std::atomic<std::int64_t> first_look_after{std::chrono::nanoseconds(std::chrono::milliseconds(500)).count()};

namespace {

constexpr std::chrono::minutes longest_pause{1};
/// If other threads are about to sleep or to run each time, the look after that has to do.
constexpr int most_retries = 8;

/// On a cache line of its own, as each sleep writes to its thread's.
struct alignas(64) Count {
    std::atomic<std::uint32_t> asleep{0};
};

/// By ident. Idents are given in turn, so some hundred threads hardly ever share one.
constinit std::array<Count, 1024> counts;

std::atomic<std::uint32_t>& count_of(std::uint32_t ident) noexcept { return counts[ident % counts.size()].asleep; }

}  // namespace

DeadlockWatch::DeadlockWatch(const ThreadRecord& record, const WaitSite& site) noexcept : site_(site) {
    if (record.wait_parts != nullptr) times_ = &record.wait_parts->looks;
    if (on_deadlock() == OnDeadlock::ignore || !can_be_in_circle(site)) return;
    count_ = &count_of(record.ident);
    count_->fetch_add(1);
}

DeadlockWatch::~DeadlockWatch() {
    // relaxed: a thread that still finds the count arms a timer in vain.
    if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
}

void DeadlockWatch::begin(const Bucket& bucket) noexcept {
    if (count_ == nullptr) return;
    if (!ends_with_keepers(site_)) {
        const std::uint32_t owner = tied_owner(site_, bucket).ident;
        if (owner == 0 || count_of(owner).load() == 0) return;
    }
    // relaxed: a setting.
    const std::chrono::nanoseconds pause(first_look_after.load(std::memory_order_relaxed));
    const platform::Instant now = platform::now();
    // An earlier part of the same wait may have set a time that is soon enough.
    if (times_->due <= now + pause) return;
    *times_ = {.due = now + pause, .uncovered = now, .pause = pause};
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
