#include "threadwise/embed/spinning.hpp"

#include <atomic>
#include <chrono>

#include "platform/clock.hpp"
#include "platform/machine_load.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/waiting/spin.hpp"
#include "runtime/waiting/spinning.hpp"

namespace threadwise::runtime {
namespace {

constexpr std::chrono::milliseconds time_between_looks{10};
/// Once more threads than cores were seen: soon, as most of them are some short-lived thing of the system's.
constexpr std::chrono::milliseconds time_between_doubtful_looks{1};

/// What was seen last, and when to look again. Relaxed everywhere: hints, each by itself.
std::atomic<platform::Instant::rep> next_look{0};
std::atomic<bool> seen_busy{false};
std::atomic<bool> busy{false};

/// When it is time, looks. Busy is what two looks in a row found so.
void look(platform::Instant now) noexcept {
    const auto after = [now](auto pause) { return (now + pause).time_since_epoch().count(); };
    auto due = next_look.load(std::memory_order_relaxed);
    if (now.time_since_epoch().count() < due) return;
    if (!next_look.compare_exchange_strong(due, after(time_between_looks), std::memory_order_relaxed)) return;
    const bool seen = platform::is_machine_busy();
    busy.store(seen && seen_busy.load(std::memory_order_relaxed), std::memory_order_relaxed);
    seen_busy.store(seen, std::memory_order_relaxed);
    if (seen) next_look.store(after(time_between_doubtful_looks), std::memory_order_relaxed);
}

bool is_machine_busy() noexcept {
    look(platform::now());
    return busy.load(std::memory_order_relaxed);
}

}  // namespace

bool may_spin(const ThreadRecord& record) noexcept { return !record.spins_only_on_idle_cores || !is_machine_busy(); }

}  // namespace threadwise::runtime

namespace threadwise::embed {

void spin_only_on_idle_cores() { runtime::this_record().spins_only_on_idle_cores = true; }

bool spin(const void* address, bool (*ready)(const void* context), const void* context) {
    if (!runtime::may_spin(runtime::this_record())) return false;
    return runtime::spin_until(runtime::bucket_of(address).spins, platform::never, runtime::Pacing{2},
                               [=] { return ready(context); });
}

}  // namespace threadwise::embed
