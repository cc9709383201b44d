#include "runtime/lock_order/order_check.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "runtime/lock_order/lock_graph.hpp"
#include "runtime/lock_order/order_report.hpp"
#include "runtime/records/registry.hpp"
#include "threadwise/detail/runtime/failure.hpp"

namespace threadwise::runtime {
namespace {

/// How many steps a thread remembers, in a table by hash: for a step that it has taken before, the graph need not be
/// asked.
constexpr std::size_t known_steps = 256;

/// Of the locks held, in whatever order they were taken, and the one asked for.
std::uint64_t hash_of_step(const HeldLocks& held, const FollowedLock& taken) noexcept {
    const auto hash = [](const FollowedLock& lock, std::uint64_t factor) {
        const std::uint64_t product = ((std::uint64_t{lock.id} << 1U) + (lock.reads() ? 1 : 0)) * factor;
        return product ^ (product >> 32U);
    };
    std::uint64_t sum = hash(taken, 0xD1B54A32D192ED03U);
    for (const FollowedLock& lock : held.locks) sum += hash(lock, 0x9E3779B97F4A7C15U);
    return sum;
}

/// The step's entry in the thread's table; another one may be there.
std::uint64_t& entry_of(HeldLocks& held, std::uint64_t step) {
    if (held.known.empty()) held.known.resize(known_steps);
    return held.known[step % known_steps];
}

void check_new_step(ThreadRecord& record, const FollowedLock& taken) {
    LockGraph& graph = LockGraph::get();
    HeldLocks& held = record.held_locks;
    // Those that other threads have released, and some that have not been used for long.
    std::erase_if(held.locks, [&](const FollowedLock& lock) { return !graph.knows(lock.id, lock.word); });
    if (held.locks.empty()) return;
    const std::string name = registry::name_of(record);
    const auto noted = graph.add({.held = held, .ident = record.ident, .name = name}, taken);
    if (const std::uint64_t step = hash_of_step(held, taken); noted.is_complete) entry_of(held, step) = step;
    for (const auto& circle : noted.circles) report_lock_order(circle);
}

/// Takes the newest entry of that lock out, and returns its id; 0: there is none.
LockId take_out(HeldLocks& held, const void* word, bool reads) noexcept {
    const auto found = std::find_if(held.locks.rbegin(), held.locks.rend(), [&](const FollowedLock& lock) {
        return lock.word == word && lock.reads() == reads;
    });
    if (found == held.locks.rend()) return 0;
    const LockId id = found->id;
    held.locks.erase(std::next(found).base());
    return id;
}

}  // namespace

void identify(FollowedLock& lock, std::atomic<std::uint32_t>& bearer) noexcept {
    // relaxed: what the id stands for is guarded by the graph's lock.
    const std::uint32_t found = bearer.load(std::memory_order_relaxed);
    const bool is_held = found != 0 && (found & detail::lock_id_bit) == 0;
    if (is_held) return;  // it can be found by its address, if need be
    lock.id = LockGraph::get().knows(found, lock.word) ? found : LockGraph::get().enter(lock.word, bearer);
}

void check_order(FollowedLock& lock) {
    ThreadRecord& record = this_record();
    HeldLocks& held = record.held_locks;
    if (held.locks.empty() || held.is_checking) return;
    if (lock.id == 0) lock.id = LockGraph::get().find(lock.word);
    if (lock.id == 0) return;
    held.is_checking = true;
    const detail::Finally done([&] { held.is_checking = false; });
    try {
        const std::uint64_t step = hash_of_step(held, lock);
        if (entry_of(held, step) != step) check_new_step(record, lock);
    } catch (const std::bad_alloc&) {  // not checked, this time
    }
}

void note_taken(FollowedLock lock) noexcept {
    if (lock.id == 0) lock.id = LockGraph::get().find(lock.word);
    if (lock.id == 0) return;
    try {
        this_record().held_locks.locks.push_back(lock);
    } catch (const std::bad_alloc&) {  // as if it were not held
    }
}

std::uint32_t note_released(const void* word, std::uint32_t holder) noexcept {
    ThreadRecord* const record = this_record_if_any();
    if (record != nullptr && record->ident == holder) return take_out(record->held_locks, word, false);
    return LockGraph::get().turn_into_signal(word);
}

void note_read(const void* word) noexcept { take_out(this_record().held_locks, word, true); }

}  // namespace threadwise::runtime
