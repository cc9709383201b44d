#include "runtime/lifetime/shutdown.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iterator>
#include <list>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "platform/exit.hpp"
#include "platform/freeze.hpp"
#include "platform/internal_lock.hpp"
#include "platform/kernel_wait.hpp"
#include "runtime/base/exception_text.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/base/made_at_load.hpp"
#include "runtime/lifetime/exit_guard.hpp"
#include "runtime/lifetime/joining.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/records/life.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/records/registry.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::runtime {
namespace {

using namespace std::chrono_literals;

/// Threads get so long to be stopped.
constexpr auto patience_with_daemons = 550ms;

constinit std::atomic<bool> at_once{false};  ///< nothing more is waited for
constinit bool is_prepared = false;          ///< all are held that are to be; the closer's alone

/// A list, so that nothing is allocated, moved or destroyed under the lock.
using AtShutdown = std::list<std::function<void()>>;

struct Functions {
    platform::InternalLock lock;
    AtShutdown functions THREADWISE_GUARDED_BY(lock);
    bool begun THREADWISE_GUARDED_BY(lock) = false;

    Functions();
};

Functions& the_functions() { return MadeAtLoad<Functions>::get(); }

/// In a forked child, which has not begun to end.
void forget_shutdown() noexcept THREADWISE_UNCHECKED {
    at_once = false;
    is_prepared = false;
    the_functions().begun = false;
}

Functions::Functions() {
    hold_over_fork(lock);
    at_fork_in_child(forget_shutdown, ForkOrder::after_registry);
}

/// The newest one that has not run; none: there are no more, and there will be none.
AtShutdown next_function() noexcept {
    Functions& all = the_functions();
    AtShutdown next;
    const platform::InternalHold hold(all.lock);
    if (all.functions.empty()) {
        all.begun = true;
    } else {
        next.splice(next.end(), all.functions, std::prev(all.functions.end()));
    }
    return next;
}

/// Where pthread_exit() or a cancellation unwinds the thread that ends the process, the end goes on from there: it
/// stays in this destructor for good.
struct ExitGoesOn {
    bool unwinds = true;
    ~ExitGoesOn() {
        if (!unwinds) return;
        std::fputs("threadwise: pthread_exit() or a cancellation while the process ends: it ends all the same\n",
                   stderr);
        std::exit(process_end.status);  // NOLINT(concurrency-mt-unsafe): the thread is inside exit() already
    }
};

void run_function(const std::function<void()>& function) {
    ExitGoesOn exit_goes_on;
    std::exception_ptr failure;
    try {
        function();
    } catch (const InterruptedError&) {
        // A second exit() has ended a wait.
    } catch (...) {
        failure = detail::handled_exception();
    }
    exit_goes_on.unwinds = false;
    if (failure == nullptr) return;
    try {
        std::fprintf(stderr, "threadwise: an exception while the process ends: %s\n", exception_text(failure).c_str());
    } catch (const std::bad_alloc&) {
        std::fputs("threadwise: an exception while the process ends\n", stderr);
    }
}

void run_functions() {
    for (AtShutdown next = next_function(); !next.empty(); next = next_function()) run_function(next.front());
}

bool is_alive(const ThreadRecord& record) noexcept {
    const Life life = life_of(record);
    return life == Life::started || life == Life::running;
}

/// Whether the thread waits for one that will never come to it: the closer, a held one, or one that waits so itself.
bool waits_in_vain(const ThreadRecord& record) {
    constexpr int longest_chain = 16;
    std::uint32_t ident = record.ident;
    for (int i = 0; i < longest_chain; ++i) {
        const auto waiter = registry::find(ident);
        if (waiter == nullptr) return false;
        if (i != 0 && never_finishes(*waiter)) return true;
        const auto wait = queued_wait(*waiter);
        if (!wait || wait->site.deadline != platform::never) return false;
        if (wait->site.kind == WaitKind::interpreter_lock) return false;  // handed back while its holder waits
        ident = wait->owner;
    }
    return false;
}

/// All threads' waits, if all wait for good.
class Standstill {
public:
    /// Whether nothing has moved since the last look, nor can. Threads that threadwise has not started may still do
    /// something for one that waits: they are given some time.
    bool look() {
        constexpr auto patience_with_others = 1s;
        seen_.swap(last_);
        seen_.clear();
        bool stands = true;
        bool has_others = false;
        for (const auto& record : registry::all()) {
            if (record.get() == process_end.closer.load() || record->stopping.stopped.load()) continue;
            if (record->origin == ThreadRecord::Origin::foreign) {
                has_others = true;
                continue;
            }
            const WaitSite site = record->site.read();
            stands = stands && record->asleep_at_door.load() && !record->parker.has_news() &&
                     site.deadline == platform::never;
            seen_.emplace_back(record->native_id.load(), site.since);
        }
        const platform::Instant now = platform::now();
        if (!stands || seen_ != last_) since_ = now;
        if (since_ == now) return false;
        has_others = has_others || platform::any_native_thread(is_unknown, nullptr);
        return !has_others || now - since_ >= patience_with_others;
    }

private:
    static bool is_unknown(std::uint64_t native_id, const void* /*unused*/) {
        bool known = false;
        registry::for_each([&](const ThreadRecord& record) { known = known || record.native_id.load() == native_id; });
        return !known;
    }

    std::vector<std::pair<std::uint64_t, platform::Instant>> seen_;
    std::vector<std::pair<std::uint64_t, platform::Instant>> last_;
    platform::Instant since_{};
};

/// Unless it waits in vain, where another thread than the main one has called exit(): that one may be what it waits
/// for.
std::shared_ptr<ThreadRecord> any_to_join() {
    for (auto& record : registry::all()) {
        const bool is_to_join = record->origin == ThreadRecord::Origin::started && !record->daemon;
        if (!is_to_join || !is_alive(*record) || never_finishes(*record)) continue;
        if (!record->is_main && !waits_in_vain(*record)) return std::move(record);
    }
    return nullptr;
}

void join_the_rest(ThreadRecord& self) {
    constexpr auto longest_look = 100ms;
    std::chrono::nanoseconds look = 1ms;
    const bool main_ends = self.is_main;
    Standstill standstill;
    while (!at_once.load()) {
        const std::shared_ptr<ThreadRecord> thread = any_to_join();
        if (thread == nullptr) return;
        // As in Python, a process whose main thread has ended goes on as long as threads wait, for whatever it be.
        if (!main_ends && standstill.look()) return;
        await_life(*thread, Life::finished, platform::now() + look, {}, SourceLocation::current());
        take_interrupt(self);
        look = std::min<std::chrono::nanoseconds>(look * 2, longest_look);
    }
}

/// The calling thread goes no further. It comes from elsewhere than the door, and hands back there what it must not
/// keep.
[[noreturn]] void hold_at_door() {
    const Waiting waiting({.kind = WaitKind::exit, .object = nullptr, .where = {}});
    hold(waiting.record());
}

/// The calling thread has called exit() while the process ends already. If somebody waits for it, that is in vain; and
/// in any case the program has been told to end. That main() returns says nothing of the kind.
[[noreturn]] void call_exit_again(ThreadRecord& record) {
    if (!record.is_main) {
        at_once = true;
        if (!is_closing()) interrupt(*process_end.closer.load());
    }
    hold_at_door();
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
        if (process_end.status == platform::unknown_status) return;  // a platform with no more to offer
        if (platform::now() > give_up || !can_freeze) platform::end_process(process_end.status);
        // Those that wait for each other alone will not go on.
        even_waiting = progress.waiting == progress.left;
        std::this_thread::sleep_for(round < rounds_in_a_hurry ? 50us : 500us);
    }
}

void hold_the_rest() {
    process_end.closing.store(true);
    registry::close();
    if (ask_the_rest(false, false).all == 0) return;
    const platform::Instant give_up = platform::now() + patience_with_daemons;
    const bool guarded = process_end.status != platform::unknown_status;
    // The guard is to act only if this thread cannot.
    if (guarded) start_exit_guard(*process_end.closer.load(), process_end.status, give_up + 50ms);
    ask_until_held(give_up);
    if (guarded) guard_destructors();
}

void end_threads(int status);

/// What there is to do before static objects are destroyed.
void prepare_the_end(ThreadRecord& record) {
    if (is_prepared) return;
    // For an exit() made by what is run here: it comes by here first.
    platform::at_exit(end_threads);
    run_functions();
    // A thread that joins the main thread is not to wait for good.
    if (record.is_main) advance_life(record, Life::finished);
    join_the_rest(record);
    take_interrupt(record);
    hold_the_rest();
    is_prepared = true;
}

/// The status is the first exit's: later ones are made by what the first exit() calls.
void keep_status(int status) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the thread is inside exit() already
    if (process_end.closer.load() != nullptr && status != process_end.status) std::exit(process_end.status);
}

/// Constructed before the program's static objects, where the library is part of the program, and so asked after their
/// destructors whether one of them has called exit().
struct StatusKeeper {
    StatusKeeper() { platform::at_exit(keep_status); }
};
[[gnu::init_priority(101), maybe_unused]] const StatusKeeper status_keeper;

void end_threads(int status) {
    ThreadRecord& record = this_record();
    ThreadRecord* nobody = nullptr;
    if (process_end.closer.compare_exchange_strong(nobody, &record)) {
        process_end.status = status;
        unpark_all(&record.life);  // those that join it look again
    } else if (nobody != &record) {
        call_exit_again(record);
    }
    prepare_the_end(record);
    keep_status(status);
}

/// The calling thread ends, or has called exit().
void on_thread_locals_end() {
    ThreadRecord* const record = this_record_if_any();
    if (record == nullptr) return;
    // The main thread of a forked child may be one that was started in the parent.
    const bool is_main = record->is_main;
    const bool just_ends = !is_main && record->origin == ThreadRecord::Origin::started && record->has_returned;
    if (just_ends) return;
    if (process_end.closer.load() == nullptr) {
        platform::at_exit(end_threads);
    } else if (process_end.closer.load() != record) {
        call_exit_again(*record);
    }
}

[[maybe_unused]] const bool armed = [] {
    // For an exit() by a thread that threadwise does not know: later than it ought to be, but not never.
    platform::at_exit(end_threads);
    return true;
}();

}  // namespace

bool at_shutdown(std::function<void()> function) {
    Functions& all = the_functions();
    AtShutdown one;
    one.push_back(std::move(function));
    {
        const platform::InternalHold hold_lock(all.lock);
        if (!all.begun) {
            all.functions.splice(all.functions.end(), one);
            return true;
        }
    }
    hold_if_exiting();
    return false;
}

void hold_if_exiting() {
    ThreadRecord* const record = this_record_if_any();
    if (record == nullptr || process_end.closer.load() == nullptr) return;
    pass_checkpoint(*record);
    if (record->is_main && must_be_held(*record)) hold_at_door();
}

void notice_exit() {
    platform::at_thread_locals_end(on_thread_locals_end);
    // For an exit() that is not noticed in time, by a thread that threadwise does not know or by the destructor of a
    // thread_local: at least before the static objects are destroyed that are there when the first thread starts.
    static constinit std::atomic<bool> is_armed{false};
    if (this_record_if_any() == nullptr && !is_armed.exchange(true)) platform::at_exit(end_threads);
}

}  // namespace threadwise::runtime
