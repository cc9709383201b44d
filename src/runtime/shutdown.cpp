#include "runtime/shutdown.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "platform/exit.hpp"
#include "platform/freeze.hpp"
#include "platform/internal_lock.hpp"
#include "platform/native_thread.hpp"
#include "runtime/fork.hpp"
#include "runtime/registry.hpp"
#include "runtime/thread_life.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::runtime {
namespace {

using namespace std::chrono_literals;

/// Threads get so long to be stopped. One that is in the system's libraries nearly all the time has to be asked a
/// hundred times, and a loaded machine may run it only now and then.
constexpr auto patience_with_daemons = 15s;
/// An exit that waits so long for other threads, while some are held, waits for one of those.
constexpr auto patience_with_exit = 10s;

/// Which thread ends the process; null: none yet.
constinit std::atomic<ThreadRecord*> closer{nullptr};
constinit std::atomic<bool> closing{false};
constinit std::atomic<int> exit_status{platform::unknown_status};

struct Functions {
    platform::InternalLock lock;
    std::vector<std::function<void()>> functions;
    bool begun = false;

    Functions() { hold_over_fork(lock); }
};

Functions& the_functions() {
    // Never destroyed: it is used while static objects are being destroyed.
    static auto& functions = *new Functions;
    return functions;
}

[[maybe_unused]] const bool made_at_load = (the_functions(), true);

/// The newest one that has not run; empty: there are no more, and there will be none.
std::function<void()> next_function() {
    Functions& all = the_functions();
    const std::lock_guard hold(all.lock);
    if (all.functions.empty()) {
        all.begun = true;
        return {};
    }
    std::function<void()> function = std::move(all.functions.back());
    all.functions.pop_back();
    return function;
}

void run_functions() noexcept {
    while (const std::function<void()> function = next_function()) {
        try {
            function();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "threadwise: an exception while the process ends: %s\n", error.what());
        } catch (...) {
            std::fputs("threadwise: an exception while the process ends\n", stderr);
        }
    }
}

bool is_alive(const ThreadRecord& record) noexcept {
    const Life life = life_of(record);
    return life == Life::started || life == Life::running;
}

std::shared_ptr<ThreadRecord> any_to_join() {
    std::shared_ptr<ThreadRecord> found;
    registry::for_each([&](ThreadRecord& record) {
        const bool is_to_join = record.origin == ThreadRecord::Origin::started && !record.daemon;
        if (!found && is_to_join && is_alive(record) && &record != &registry::main_record()) {
            found = record.shared_from_this();
        }
    });
    return found;
}

/// Foreign threads are their owners' to end.
bool must_be_held(const ThreadRecord& record) noexcept {
    return record.origin != ThreadRecord::Origin::foreign && &record != closer.load();
}

bool is_held(const ThreadRecord& record) noexcept {
    // seq_cst, with `closing` written before: either the thread's change is seen here, or the thread sees `closing` at
    // its next checkpoint. The same holds for a thread that has not begun yet.
    return record.held.load() || record.asleep_at_door.load() || record.native_id.load() == 0;
}

[[noreturn]] void hold(ThreadRecord& record) noexcept {
    record.site.write({.kind = WaitKind::exit, .object = nullptr, .where = {}, .since = platform::now()});
    record.held.store(true);
    platform::sleep_for_good();
}

/// Asks each thread that is not held yet; returns how many there are.
std::size_t ask_the_rest(bool can_freeze, std::size_t& all) {
    std::size_t rest = 0;
    all = 0;
    registry::for_each([&](ThreadRecord& record) {
        if (!must_be_held(record)) return;
        ++all;
        if (is_held(record)) return;
        ++rest;
        if (can_freeze) platform::ask_to_freeze(record.native_id);
    });
    return rest;
}

/// Ends the process if the thread that ends it waits for long for other threads: it will wait forever.
void watch(void* /*unused*/) {
    const std::uint64_t watched = closer.load()->native_id;
    constexpr auto interval = 100ms;
    auto stuck_for = 0ms;
    for (std::uint64_t last = 0; stuck_for < patience_with_exit; stuck_for += interval) {
        std::this_thread::sleep_for(interval);
        const std::uint64_t wait = platform::wait_for_threads(watched);
        if (wait == 0 || wait != last) stuck_for = 0ms;
        last = wait;
    }
    platform::end_process(exit_status);
}

void hold_the_rest() {
    const bool can_freeze = platform::prepare_to_freeze();
    const bool status_known = exit_status != platform::unknown_status;
    registry::close();
    closing.store(true);
    const platform::Instant give_up = platform::now() + patience_with_daemons;
    std::size_t all = 0;
    while (ask_the_rest(can_freeze, all) != 0) {
        if (!status_known) return;  // a platform with no more to offer
        if (platform::now() > give_up || !can_freeze) platform::end_process(exit_status);
        std::this_thread::sleep_for(50us);
    }
    if (all != 0 && status_known) platform::start_native_thread(watch, nullptr, 0);
}

void end_threads(int status) {
    ThreadRecord& record = this_record();
    ThreadRecord* nobody = nullptr;
    if (!closer.compare_exchange_strong(nobody, &record)) {
        if (nobody == &record) return;  // exit() called by what exit() calls
        hold(record);
    }
    exit_status = status;
    run_functions();
    // Who joins the thread that is at its end is not to wait for good.
    advance_life(record, Life::finished);
    while (const std::shared_ptr<ThreadRecord> thread = any_to_join())
        await_life_uninterrupted(*thread, Life::finished);
    hold_the_rest();
}

/// The calling thread ends, or has called exit().
void on_thread_locals_end() {
    ThreadRecord* const record = this_record_if_any();
    if (record == nullptr) return;
    // The main thread of a forked child may be one that was started in the parent.
    const bool is_main = record == &registry::main_record();
    const bool just_ends = !is_main && record->origin == ThreadRecord::Origin::started && record->has_returned;
    if (just_ends) return;
    if (closer.load() == nullptr) {
        platform::at_exit(end_threads);
    } else if (closer.load() != record) {
        // A second exit(). The first one may be joining this thread.
        advance_life(*record, Life::finished);
        hold(*record);
    }
}

// For an exit() by a thread that the house does not know: later than it ought to be, but not never.
[[maybe_unused]] const bool armed = [] {
    platform::at_exit(end_threads);
    return true;
}();

}  // namespace

void at_shutdown(std::function<void()> function) {
    Functions& all = the_functions();
    const std::lock_guard hold_lock(all.lock);
    if (all.begun) throw RuntimeError("can't register a function at shutdown: the process is ending");
    all.functions.push_back(std::move(function));
}

void notice_exit() { platform::at_thread_locals_end(on_thread_locals_end); }

bool is_closing() noexcept { return closing.load(); }

void pass_checkpoint(ThreadRecord& record) noexcept {
    if (closing.load() && must_be_held(record)) [[unlikely]]
        hold(record);
}

SleepingAtDoor::SleepingAtDoor(ThreadRecord& record, platform::Instant deadline) noexcept : record_(record) {
    record_.asleep_at_door.store(true);
    pass_checkpoint(record_);
    const bool for_good = closing.load() && closer.load() == &record && deadline == platform::never;
    if (for_good && exit_status != platform::unknown_status && !registry::has_foreign()) {
        platform::end_process(exit_status);
    }
}

SleepingAtDoor::~SleepingAtDoor() {
    record_.asleep_at_door.store(false);
    pass_checkpoint(record_);
}

void forget_shutdown() noexcept {
    closer = nullptr;
    closing = false;
    the_functions().begun = false;
}

}  // namespace threadwise::runtime
