#include "runtime/deadlock/blocked_threads.hpp"

#include <algorithm>

#include "runtime/base/function_ref.hpp"
#include "runtime/records/keeping.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/records/registry.hpp"

namespace threadwise::runtime {
namespace {

Tie tie_of(const WaitSite& site, std::uint32_t word) noexcept {
    switch (site.kind) {
        case WaitKind::rlock:
        case WaitKind::shared_lock_read:
        case WaitKind::shared_lock_write:
        case WaitKind::once:
        case WaitKind::join:
        case WaitKind::interpreter_lock: return Tie::certain;
        case WaitKind::future: return (word & future_is_claimed) != 0 ? Tie::certain : Tie::suspected;
        case WaitKind::lock: return Tie::suspected;
        default: return Tie::none;
    }
}

enum class Look : std::uint8_t {
    blocked,
    unsettled,  ///< it is about to sleep, or to run
    runs,       ///< or its wait has a deadline, or is for another process
};

/// `visit_kept(object, tie)` is told what the thread keeps others waiting for. All under the lock of the bucket.
Look look_at(ThreadRecord& record, BlockedThread& thread, FunctionRef<void(std::uintptr_t, Tie)> visit_kept) noexcept {
    return with_bucket_of(record, [&](const Bucket& bucket) THREADWISE_REQUIRES(bucket.lock) {
        const auto [site, version] = record.site.read_versioned();
        if (site.kind == WaitKind::none || site.across_processes != 0) return Look::runs;
        const bool is_queued = bucket.has(record);
        // A condition's wait that was notified takes its lock, for as long as that takes.
        const bool retakes = is_queued && record.wait_node.requeued && site.retakes.owner_word != nullptr;
        if (site.deadline != platform::never && !retakes) return Look::runs;
        if (!is_queued || record.parker.has_news()) return Look::unsettled;
        thread.ident = record.ident;
        thread.version = version;
        thread.site = site;
        if (retakes) {
            thread.site.kind = site.retakes.kind;
            thread.site.object = site.retakes.object;
            thread.site.owner_word = site.retakes.owner_word;
            thread.site.may_fail = false;  // it has been notified, and takes the lock whatever happens
            thread.site.stoppable = false;
        }
        const TiedOwner owner = tied_owner(thread.site, bucket);
        thread.owner = owner.ident;
        thread.tie = owner.tie;
        for (const Keeping* kept = record.keeps; kept != nullptr; kept = kept->outer()) {
            visit_kept(reinterpret_cast<std::uintptr_t>(kept->object()), Tie::certain);
        }
        for (const auto& slot : record.reader_slots.slots) {
            // relaxed: nothing is read by way of it. A reader that is noted is visible, which it alone can end; or
            // marked as counted, and any thread can count it off.
            const std::uintptr_t noted = slot.load(std::memory_order_relaxed);
            const std::uintptr_t counted = noted & 1U;
            if (noted != 0) visit_kept(noted - counted, counted != 0 ? Tie::suspected : Tie::certain);
        }
        return Look::blocked;
    });
}

}  // namespace

bool ends_with_keepers(const WaitSite& site) noexcept {
    if (site.kind == WaitKind::task_group || site.kind == WaitKind::executor) return true;
    return site.kind == WaitKind::shared_lock_write && site.owner_word == nullptr;  // waits for readers
}

bool can_be_in_circle(const WaitSite& site) noexcept {
    if (site.retakes.owner_word != nullptr) return true;
    if (site.deadline != platform::never || site.across_processes != 0) return false;
    return tie_of(site, future_is_claimed) != Tie::none || ends_with_keepers(site);
}

TiedOwner tied_owner(const WaitSite& site, const Bucket& bucket) noexcept {
    // Where Locks have been released by others than their holders, the holder says nothing.
    if (site.kind == WaitKind::lock && bucket.hand_overs) return {};
    std::uint32_t word = 0;
    std::uint32_t owner = site.owner;
    if (site.owner_word != nullptr) {
        word = site.owner_word->load();
        owner = owner_in(word, site);
    }
    const Tie tie = tie_of(site, word);
    return owner == 0 || tie == Tie::none ? TiedOwner{} : TiedOwner{.ident = owner, .tie = tie};
}

std::optional<BlockedThread> look_at_blocked(ThreadRecord& record) noexcept {
    BlockedThread thread;
    if (look_at(record, thread, [](std::uintptr_t, Tie) {}) != Look::blocked) return std::nullopt;
    return thread;
}

BlockedThreads::BlockedThreads() {
    constexpr std::size_t newcomers = 16;
    std::size_t capacity = newcomers;
    registry::for_each([&](const ThreadRecord&) { ++capacity; });
    while (!look(capacity)) capacity *= 2;
    std::sort(threads_.begin(), threads_.end(), [](const auto& a, const auto& b) { return a.ident < b.ident; });
    std::sort(kept_.begin(), kept_.end(), [](const Kept& a, const Kept& b) { return a.object < b.object; });
}

/// Nothing is allocated under the registry's lock. False: there was not enough memory.
bool BlockedThreads::look(std::size_t capacity) {
    threads_.clear();
    kept_.clear();
    threads_.reserve(capacity);
    kept_.reserve(2 * capacity);
    unsettled_ = false;
    bool complete = true;
    registry::for_each([&](ThreadRecord& record) {
        BlockedThread thread;
        const Look found = look_at(record, thread, [&](std::uintptr_t object, Tie tie) {
            complete = complete && kept_.size() < kept_.capacity();
            if (complete) kept_.push_back({.object = object, .keeper = record.ident, .tie = tie});
        });
        unsettled_ = unsettled_ || found == Look::unsettled;
        complete = complete && (found != Look::blocked || threads_.size() < threads_.capacity());
        if (complete && found == Look::blocked) threads_.push_back(thread);
    });
    return complete;
}

std::optional<std::size_t> BlockedThreads::find(std::uint32_t ident) const noexcept {
    const auto found = std::lower_bound(threads_.begin(), threads_.end(), ident,
                                        [](const auto& thread, std::uint32_t other) { return thread.ident < other; });
    if (found == threads_.end() || found->ident != ident) return std::nullopt;
    return static_cast<std::size_t>(found - threads_.begin());
}

std::optional<BlockedThreads::Edge> BlockedThreads::edge(std::size_t from, std::size_t n) const noexcept {
    const BlockedThread& thread = threads_[from];
    if (thread.owner != 0) {
        if (n != 0) return std::nullopt;
        const auto to = find(thread.owner);
        return to ? std::optional(Edge{*to, thread.tie}) : std::nullopt;
    }
    if (!ends_with_keepers(thread.site)) return std::nullopt;
    const auto object = reinterpret_cast<std::uintptr_t>(thread.site.object);
    auto keeper = std::lower_bound(kept_.begin(), kept_.end(), object,
                                   [](const Kept& kept, std::uintptr_t other) { return kept.object < other; });
    for (; keeper != kept_.end() && keeper->object == object; ++keeper) {
        const auto to = find(keeper->keeper);
        if (to && n-- == 0) return Edge{*to, keeper->tie};
    }
    return std::nullopt;
}

}  // namespace threadwise::runtime
