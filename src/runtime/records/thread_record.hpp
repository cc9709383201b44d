#pragma once
// What the library knows of one thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "platform/freeze.hpp"
#include "runtime/base/bias_slots.hpp"
#include "runtime/base/block_cache.hpp"
#include "runtime/records/held_locks.hpp"
#include "runtime/records/local_table.hpp"
#include "runtime/records/own_site.hpp"
#include "runtime/records/parker.hpp"
#include "runtime/trace/ring.hpp"
#include "threadwise/detail/runtime/reader_slots.hpp"

namespace threadwise {
class BlockingHooks;
namespace detail {
struct WaitParts;
}
}  // namespace threadwise

namespace threadwise::runtime {

struct ThreadRecord;
class Keeping;

/// A thread's node in the queue of those that sleep on an address. Guarded by the bucket's lock, but for `address`,
/// which is also read without it in order to find the bucket, and `queued`, which may be read under another bucket's
/// lock: see Bucket::has().
struct WaitNode {
    ThreadRecord* next = nullptr;
    ThreadRecord* previous = nullptr;
    std::atomic<const void*> address{nullptr};
    std::atomic<bool> queued{false};
    bool entitled = false;    ///< to be handed what it waits for, see Waiting::Claim
    bool requeued = false;    ///< moved to another address than the one it began to wait on
    std::uint32_t token = 0;  ///< what the waker said; the primitive's own meaning
    std::uint32_t waker = 0;  ///< the ident of the thread that took it out of the queue; 0: not known
};

/// A record's node in a RecordList. Guarded by the registry's lock.
struct Listing {
    std::shared_ptr<ThreadRecord> self;  ///< the list's share of the record; null: in no list
    ThreadRecord* older = nullptr;
    ThreadRecord* newer = nullptr;
};

/// Where a thread is in its life; see life.hpp.
enum class Life : std::uint8_t {
    unstarted,
    started,  ///< listed, but it has not run yet
    running,
    finished,  ///< nothing of it runs any more, nor any destructor of its thread_local objects or keys
};

/// Alive from before the thread's first step until nobody looks at it any more (shared ownership).
struct ThreadRecord : std::enable_shared_from_this<ThreadRecord> {
    enum class Origin : std::uint8_t {
        main,     ///< the thread that loaded the library
        started,  ///< by Thread::start
        foreign,  ///< somebody else's thread that has touched the library
    };

    explicit ThreadRecord(Origin origin_of_thread);
    virtual ~ThreadRecord() = default;
    ThreadRecord(const ThreadRecord&) = delete;
    ThreadRecord& operator=(const ThreadRecord&) = delete;

    // Which thread it is.
    const std::uint32_t ident;  ///< unique among the threads that are alive, 1 or more, fits into owner_mask
    const Origin origin;
    bool is_main = false;  ///< written where there is one thread alone
    std::atomic<bool> daemon{false};
    std::atomic<std::uint64_t> native_id{0};  ///< the kernel's number; 0 until it runs
    std::atomic<std::uint32_t> life{0};       ///< a Life and a bit, see life.cpp
    std::string name;                         ///< guarded by the registry's lock, as is the next
    const void* function = nullptr;           ///< the target, whose name is still to be added to the thread's name
    Listing listing;

    LocalEntries locals;
    BlockCache blocks;  ///< the owner's alone
    OwnBiasSlot bias_slot;

    // At the end of the process, see checkpoint.hpp.
    platform::Stopping stopping;
    std::atomic<bool> asleep_at_door{false};  ///< passes a checkpoint before it does anything
    bool has_returned = false;                ///< from what the thread is for; the owner's alone

    // At the door. What a waker touches lies on one cache line, apart from what only the owner writes: each line more
    // is another trip between cores in each wake-up.
    alignas(64) Parker parker;
    WaitNode wait_node;
    alignas(64) OwnSite site;
    SourceLocation last_place;  ///< that the thread has slept at; the owner's alone, see Card::note_place()
    Card* card = nullptr;       ///< null: it has none. Written under the registry's lock, while the thread does not run
    trace::OwnRing ring;        ///< the owner's alone while it runs
    std::atomic<bool> interrupt_requested{false};
    std::atomic<bool> signalled{false};  ///< as if by a signal, and no hook has ended a wait for it yet
    BlockingHooks* hooks = nullptr;      ///< newest first; the owner's alone
    bool in_hook = false;                ///< the owner's alone
    /// A sleep at the door calls the hooks' before_sleep() again at that moment; the owner's alone.
    platform::Instant look_up_at = platform::never;
    bool spins_only_on_idle_cores = false;  ///< the owner's alone, see spinning.hpp

    // For deadlocks, see src/runtime/deadlock/.
    const Keeping* keeps = nullptr;              ///< newest first; written by the owner while it is in no queue
    detail::WaitParts* wait_parts = nullptr;     ///< of the wait that its waits are parts of; the owner's alone
    std::atomic<std::int64_t> reported_wait{0};  ///< when the wait began that was last reported as deadlocked
    std::atomic<std::int64_t> doomed_wait{0};    ///< when the wait began that is to end with a DeadlockError
    std::string deadlock;                        ///< what that says; written before `doomed_wait`

    HeldLocks held_locks;              ///< where locks are followed; the owner's alone
    detail::ReaderSlots reader_slots;  ///< SharedLocks that it reads
};

/// The calling thread's record; a foreign thread gets one when it first asks. Throws std::bad_alloc only then.
ThreadRecord& this_record();

/// The calling thread's record, or null while it has none.
ThreadRecord* this_record_if_any() noexcept;

}  // namespace threadwise::runtime
