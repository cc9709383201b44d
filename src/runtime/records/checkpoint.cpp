#include "runtime/records/checkpoint.hpp"

#include "platform/exit.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/records/waking.hpp"

namespace threadwise::runtime {

constinit ProcessEnd process_end;

namespace {

/// A forked child has not begun to end.
void forget_end() noexcept {
    process_end.closer = nullptr;
    process_end.closing = false;
    process_end.status = platform::unknown_status;
}

[[maybe_unused]] const bool forgets = (at_fork_in_child(forget_end, ForkOrder::after_registry), true);

}  // namespace

bool must_be_held(const ThreadRecord& record) noexcept {
    return record.origin != ThreadRecord::Origin::foreign && &record != process_end.closer.load();
}

bool is_held(const ThreadRecord& record) noexcept {
    // seq_cst, with `closing` written before: either the thread's change is seen here, or the thread sees `closing` at
    // its next checkpoint. The same holds for a thread that has not begun yet.
    return record.stopping.stopped.load() || record.asleep_at_door.load() || record.native_id.load() == 0;
}

void hold(ThreadRecord& record) noexcept {
    record.site.write({.kind = WaitKind::exit, .object = nullptr, .where = {}, .since = platform::now()});
    record.stopping.stopped.store(true);
    // Those that join it look again.
    if (!is_closing()) unpark_all(&record.life);
    platform::sleep_for_good();
}

void pass_checkpoint(ThreadRecord& record) noexcept {
    if (is_closing() && must_be_held(record)) [[unlikely]]
        hold(record);
}

bool never_finishes(const ThreadRecord& record) noexcept {
    // The main thread is at its end when it has called exit(), as when it has returned.
    const bool ends_process = &record == process_end.closer.load() && !record.is_main;
    return ends_process || record.stopping.stopped.load();
}

bool may_skip_vain_wait(ThreadRecord& record) {
    if (process_end.closer.load() == &record) return true;
    if (record.origin != ThreadRecord::Origin::foreign) hold(record);
    return false;
}

}  // namespace threadwise::runtime
