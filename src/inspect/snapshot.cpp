#include "threadwise/inspect.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "inspect/confirm_cycles.hpp"
#include "inspect/shared_holders.hpp"
#include "inspect/wait_graph.hpp"
#include "platform/clock.hpp"
#include "platform/processes/process.hpp"
#include "runtime/records/life.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/records/registry.hpp"
#include "runtime/records/thread_record.hpp"
#include "runtime/records/wait_site.hpp"

namespace threadwise::inspect {
namespace {

using runtime::Life;
using runtime::ThreadRecord;
using runtime::WaitKind;

/// What was written down of a wait, and which thread it was for.
struct Seen {
    runtime::WaitSite site;
    std::uint32_t owner = 0;
    bool notified = false;
};

/// With the lock of the bucket in which the thread is queued it cannot go on, so what it waits for is still there, and
/// its holder can be read. Otherwise only what the thread itself has written down is sure to be there.
Seen look_at(ThreadRecord& record) {
    return runtime::with_bucket_of(record, [&](const runtime::Bucket& bucket) THREADWISE_REQUIRES(bucket.lock) {
        Seen seen{.site = record.site.read()};
        seen.owner = seen.site.owner;
        if (bucket.has(record)) {
            seen.owner = runtime::owner_of(seen.site);
            seen.notified = seen.site.kind == WaitKind::condition && record.wait_node.requeued;
        }
        return seen;
    });
}

Wait wait_of(const Seen& seen) {
    const runtime::WaitSite& site = seen.site;
    Wait wait{
        .kind = (site.across_processes ? "multiprocessing." : "") + std::string(to_string(site.kind)),
        .object = reinterpret_cast<std::uintptr_t>(site.object),
        .notified = seen.notified,
        .owners = {},
        .process = 0,
        .thread_there = 0,
        .held = site.owner_word != nullptr && site.kind != WaitKind::future,
        .since = site.since,
        .deadline = {},
        .where = {.file = site.where.file_name(), .function = site.where.function_name(), .line = site.where.line()},
    };
    if (site.across_processes) {
        wait.thread_there = seen.owner;
    } else if (seen.owner != 0) {
        wait.owners.push_back(seen.owner);
    }
    if (site.deadline != platform::never) wait.deadline = site.deadline;
    return wait;
}

State state_of(Life life) {
    switch (life) {
        case Life::unstarted:
        case Life::started: return State::starts;
        case Life::running: return State::runs;
        case Life::finished: break;
    }
    return State::has_ended;
}

ThreadInfo info_of(ThreadRecord& record) {
    ThreadInfo info{
        .name = runtime::registry::name_of(record),
        .ident = record.ident,
        // relaxed, also the next: nothing is read by way of them.
        .native_id = record.native_id.load(std::memory_order_relaxed),
        .daemon = record.daemon.load(std::memory_order_relaxed),
        .state = state_of(runtime::life_of(record)),
        .wait = {},
    };
    const Seen seen = look_at(record);
    if (seen.site.kind == WaitKind::none) return info;
    info.state = State::waits;
    info.wait = wait_of(seen);
    return info;
}

/// Whether that thread is in that wait, for the same owner as far as this process knows it.
bool is_still_in(const Wait& wait, ThreadRecord& record) {
    const Wait now = wait_of(look_at(record));
    const bool is_same = now.object == wait.object && now.since == wait.since && now.kind == wait.kind;
    return is_same && (now.thread_there != 0 || now.owners == wait.owners);
}

/// A lock has one holder: one that waits for it as well holds it no more, or not yet. (A thread that waits for itself
/// may.)
bool is_of_another_moment(const Wait& wait, const ThreadInfo& owner) {
    return wait.held && owner.state == State::waits && owner.wait.held && owner.wait.object == wait.object;
}

}  // namespace

Snapshot snapshot() {
    Snapshot result;
    const std::vector<std::shared_ptr<ThreadRecord>> records = runtime::registry::all();
    for (const auto& record : records) result.threads.push_back(info_of(*record));
    find_shared_holders(result, platform::this_process());
    confirm_cycles(result, [&](std::size_t index) { return is_still_in(result.threads[index].wait, *records[index]); });
    result.taken = platform::now();
    return result;
}

std::vector<std::vector<std::uint32_t>> wait_cycles(const Snapshot& snapshot) {
    std::unordered_map<std::uint32_t, const ThreadInfo*> threads;
    for (const ThreadInfo& thread : snapshot.threads) threads.emplace(thread.ident, &thread);
    std::vector<WaitEdge> edges;
    for (const ThreadInfo& thread : snapshot.threads) {
        if (thread.state != State::waits) continue;
        for (const std::uint32_t owner : thread.wait.owners) {
            const auto found = threads.find(owner);
            if (found == threads.end()) continue;
            if (owner != thread.ident && is_of_another_moment(thread.wait, *found->second)) continue;
            edges.push_back({thread.ident, owner});
        }
    }
    return find_cycles(std::move(edges));
}

}  // namespace threadwise::inspect
