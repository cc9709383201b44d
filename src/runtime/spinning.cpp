#include "threadwise/detail/spinning.hpp"

#include <atomic>
#include <chrono>

#include "platform/clock.hpp"
#include "platform/machine_load.hpp"
#include "runtime/parking_table.hpp"
#include "runtime/spin.hpp"
#include "runtime/spinning.hpp"

namespace threadwise::runtime {
namespace {

constexpr std::chrono::milliseconds time_between_looks{10};

/// What was seen last, and when to look again. Relaxed everywhere: hints, each by itself.
std::atomic<platform::Instant::rep> next_look{0};
std::atomic<bool> busy{false};

bool is_machine_busy() noexcept {
    const auto now = platform::now().time_since_epoch().count();
    auto due = next_look.load(std::memory_order_relaxed);
    const auto next = now + std::chrono::duration_cast<platform::Instant::duration>(time_between_looks).count();
    if (now >= due && next_look.compare_exchange_strong(due, next, std::memory_order_relaxed)) {
        busy.store(platform::is_machine_busy(), std::memory_order_relaxed);
    }
    return busy.load(std::memory_order_relaxed);
}

}  // namespace

bool may_spin(const ThreadRecord& record) noexcept { return !record.spins_only_on_idle_cores || !is_machine_busy(); }

}  // namespace threadwise::runtime

namespace threadwise::detail {

void spin_only_on_idle_cores() { runtime::this_record().spins_only_on_idle_cores = true; }

bool spin(const void* address, bool (*ready)(const void* context), const void* context) {
    if (!runtime::may_spin(runtime::this_record())) return false;
    return runtime::spin_until(runtime::bucket_of(address).spins, platform::never, runtime::Pacing{2},
                               [=] { return ready(context); });
}

}  // namespace threadwise::detail
