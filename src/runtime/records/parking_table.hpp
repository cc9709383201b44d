#pragma once
// Which threads sleep on which address. No primitive has a queue of its own: that is why a Lock is so small (WebKit's
// ParkingLot, Rust's parking_lot).

#include <cstddef>
#include <cstdint>
#include <optional>

#include "platform/internal_lock.hpp"
#include "runtime/base/spin_memory.hpp"
#include "runtime/records/thread_record.hpp"
#include "runtime/records/wait_site.hpp"

namespace threadwise::runtime {

/// The sleepers on all the addresses that fall here, in the order they came. Their records are the links: to wait
/// allocates nothing. One cache line each, so that strangers do not disturb each other.
struct alignas(64) Bucket {
    platform::InternalLock lock;
    SpinMemory spins;
    bool hand_overs THREADWISE_GUARDED_BY(lock) =
        false;  ///< a Lock here was released by another thread than its holder; never cleared
    ThreadRecord* head THREADWISE_GUARDED_BY(lock) = nullptr;
    ThreadRecord* tail THREADWISE_GUARDED_BY(lock) = nullptr;

    void push_back(ThreadRecord& record, const void* address) noexcept THREADWISE_REQUIRES(lock);
    void push_front(ThreadRecord& record, const void* address) noexcept THREADWISE_REQUIRES(lock);
    void remove(ThreadRecord& record) noexcept THREADWISE_REQUIRES(lock);
    ThreadRecord* first(const void* address) const noexcept THREADWISE_REQUIRES(lock);
    /// Whether that thread is in this queue. A thread that is in none may just be entering another one.
    bool has(const ThreadRecord& record) const noexcept THREADWISE_REQUIRES(lock);
    /// The next one after `record` on the same address.
    static ThreadRecord* next_on(const ThreadRecord& record, const void* address) noexcept;
};

Bucket& bucket_of(const void* address) noexcept;

/// From now on each release of a lock goes the slow way, also where nobody sleeps.
void let_releases_go_slow() noexcept;

/// Counts the calling thread, while it lives, among those that sleep on the address or are about to: for primitives
/// whose wakers look at detail::sleepers without a fence. After its construction, whatever the caller reads is at least
/// as new as what any waker wrote that has not seen the count.
class CountedSleeper {
public:
    explicit CountedSleeper(const void* address) noexcept;
    ~CountedSleeper();
    CountedSleeper(const CountedSleeper&) = delete;
    CountedSleeper& operator=(const CountedSleeper&) = delete;

private:
    std::atomic<std::uint32_t>& sleepers_;
};

/// Holds the locks of two addresses' buckets, in an order that cannot deadlock; of one, if they are the same.
class TwoBuckets {
public:
    TwoBuckets(const void* first, const void* second) noexcept;
    ~TwoBuckets();
    TwoBuckets(const TwoBuckets&) = delete;
    TwoBuckets& operator=(const TwoBuckets&) = delete;

    Bucket& first;
    Bucket& second;
};

/// Calls `use(bucket)` with the lock of the bucket that `record` is queued in, or was queued in last. Unchecked: it may
/// hold several one after the other.
template <class Use>
auto with_bucket_of(ThreadRecord& record, Use&& use) THREADWISE_UNCHECKED {
    for (;;) {
        // acquire: the queue's state at least as new as the address.
        const void* address = record.wait_node.address.load(std::memory_order_acquire);
        Bucket& bucket = bucket_of(address);
        bucket.lock.lock();
        if (record.wait_node.address.load(std::memory_order_relaxed) != address) {  // it was requeued meanwhile
            bucket.lock.unlock();
            continue;
        }
        struct Unlock {
            platform::InternalLock& lock;
            ~Unlock() { lock.unlock(); }
        } const unlock{bucket.lock};
        return use(bucket);
    }
}

/// A wait of a thread that is queued to sleep, and the ident of the thread that ends it; 0: nobody in particular does.
struct QueuedWait {
    WaitSite site;
    std::uint32_t owner;
};

/// Nothing: the thread does not sleep. Elsewhere than under the lock of its bucket a thread may go on at any moment,
/// and destroy what it has waited for, with the word that names the owner.
std::optional<QueuedWait> queued_wait(ThreadRecord& record) noexcept;

}  // namespace threadwise::runtime
