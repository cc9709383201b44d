#include "runtime/lifetime/exit_guard.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "platform/exit.hpp"
#include "platform/kernel_wait.hpp"
#include "platform/native_thread.hpp"
#include "platform/this_thread.hpp"
#include "runtime/base/function_ref.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/records/registry.hpp"
#include "runtime/records/thread_record.hpp"

// The guard takes no lock that a stopped thread may hold: it allocates nothing and prints nothing.

namespace threadwise::runtime {
namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 10ms;
/// A wait that nobody can end is seen so long before it is believed.
constexpr auto patience_if_in_vain = 100ms;
/// The same for a file that a thread was stopped in writing to: its reader may read on, but it has had time.
constexpr auto patience_with_readers = 300ms;
/// One that another thread may still end, but for all that is known a stopped one would have to.
constexpr auto patience_if_unknown = 10s;

// Written before the guard starts.
constinit ThreadRecord* watched = nullptr;
constinit int exit_status = 0;
constinit platform::Instant give_up{};
constinit std::atomic<bool> all_held{false};

/// Whether a thread that was stopped meets the condition.
bool any_held(FunctionRef<bool(const ThreadRecord&)> condition) {
    bool found = false;
    registry::for_each([&](const ThreadRecord& record) {
        const bool may_be_held = record.origin != ThreadRecord::Origin::foreign && &record != watched;
        found = found || (may_be_held && is_held(record) && condition(record));
    });
    return found;
}

bool is_held_thread(std::uint64_t native_id) {
    return any_held([native_id](const ThreadRecord& record) { return record.native_id.load() == native_id; });
}

bool is_held_writer(int file) {
    return any_held([file](const ThreadRecord& record) { return record.stopping.wrote_to.load() == file; });
}

/// The holder of what the closer waits for at the door, if it is known to be stopped.
bool waits_at_door_for_held() {
    const auto wait = queued_wait(*watched);
    if (!wait || wait->owner == 0) return false;
    const auto record = registry::find(wait->owner);
    return record != nullptr && record->origin != ThreadRecord::Origin::foreign && is_held(*record);
}

/// Whether that thread may do something by itself.
bool may_act(std::uint64_t native_id, const void* guard) {
    if (native_id == *static_cast<const std::uint64_t*>(guard) || native_id == watched->native_id.load()) return false;
    return !is_held_thread(native_id) && platform::find_wait(native_id).kind != platform::KernelWait::Kind::thread;
}

platform::Instant::duration patience_with(const platform::KernelWait& wait) {
    using Kind = platform::KernelWait::Kind;
    constexpr auto any = platform::Instant::duration::max();
    if (wait.kind == Kind::write) return is_held_writer(wait.file) ? patience_with_readers : any;
    if (wait.kind == Kind::none) return any;
    if (wait.thread != 0 && is_held_thread(wait.thread)) return patience_if_in_vain;
    if (waits_at_door_for_held()) return patience_if_in_vain;
    const std::uint64_t guard = platform::native_id();
    return platform::any_native_thread(may_act, &guard) ? patience_if_unknown : patience_if_in_vain;
}

void watch(void* /*unused*/) {
    while (!all_held.load()) {
        if (platform::now() > give_up) platform::end_process(exit_status);
        std::this_thread::sleep_for(look_every);
    }
    platform::KernelWait last;
    for (platform::Instant since = platform::now();; std::this_thread::sleep_for(look_every)) {
        const platform::KernelWait wait = platform::find_wait(watched->native_id.load());
        const platform::Instant now = platform::now();
        if (wait != last) since = now;
        last = wait;
        if (now - since >= patience_if_in_vain && now - since >= patience_with(wait)) {
            platform::end_process(exit_status);
        }
    }
}

}  // namespace

void start_exit_guard(ThreadRecord& closer, int status, platform::Instant deadline) noexcept {
    watched = &closer;
    exit_status = status;
    give_up = deadline;
    all_held = false;
    platform::prepare_to_end_process();
    platform::start_native_thread(watch, nullptr, 0);
}

void guard_destructors() noexcept { all_held = true; }

}  // namespace threadwise::runtime
