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
#include "runtime/exit_guard.hpp"
#include "runtime/fork.hpp"
#include "runtime/registry.hpp"
#include "runtime/thread_life.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::runtime {
namespace {

using namespace std::chrono_literals;

/// Threads get so long to be stopped.
constexpr auto patience_with_daemons = 550ms;

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

[[noreturn]] void hold(ThreadRecord& record) noexcept {
    record.site.write({.kind = WaitKind::exit, .object = nullptr, .where = {}, .since = platform::now()});
    record.stopping.stopped.store(true);
    platform::sleep_for_good();
}

/// The threads that are to be held.
struct Progress {
    std::size_t all = 0;
    std::size_t left = 0;     ///< that are not held yet
    std::size_t waiting = 0;  ///< of those: for other threads, inside of a system library
};

Progress ask_the_rest(bool can_freeze, bool even_waiting) {
    Progress progress;
    registry::for_each([&](ThreadRecord& record) {
        if (!must_be_held(record)) return;
        ++progress.all;
        if (is_held(record)) return;
        ++progress.left;
        // acquire: pairs with the answer, which is written before.
        const bool has_answered = !record.stopping.asked.load(std::memory_order_acquire);
        // relaxed: as above.
        if (has_answered && record.stopping.waits.load(std::memory_order_relaxed)) ++progress.waiting;
        if (can_freeze) platform::ask_to_freeze(record.native_id, record.stopping, even_waiting);
    });
    return progress;
}

void ask_until_held(platform::Instant give_up) {
    const bool can_freeze = platform::prepare_to_freeze();
    bool even_waiting = false;
    constexpr int rounds_in_a_hurry = 20;
    for (int round = 0;; ++round) {
        const Progress progress = ask_the_rest(can_freeze, even_waiting);
        if (progress.left == 0) return;
        if (exit_status == platform::unknown_status) return;  // a platform with no more to offer
        if (platform::now() > give_up || !can_freeze) platform::end_process(exit_status);
        // Those that wait for each other alone will not go on.
        even_waiting = progress.waiting == progress.left;
        std::this_thread::sleep_for(round < rounds_in_a_hurry ? 50us : 500us);
    }
}

void hold_the_rest() {
    registry::close();
    closing.store(true);
    if (ask_the_rest(false, false).all == 0) return;
    const platform::Instant give_up = platform::now() + patience_with_daemons;
    const bool guarded = exit_status != platform::unknown_status;
    // The guard is to act only if this thread cannot.
    if (guarded) start_exit_guard(*closer.load(), exit_status, give_up + 50ms);
    ask_until_held(give_up);
    if (guarded) guard_destructors();
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

bool is_held(const ThreadRecord& record) noexcept {
    // seq_cst, with `closing` written before: either the thread's change is seen here, or the thread sees `closing` at
    // its next checkpoint. The same holds for a thread that has not begun yet.
    return record.stopping.stopped.load() || record.asleep_at_door.load() || record.native_id.load() == 0;
}

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
