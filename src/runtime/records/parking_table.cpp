#include "runtime/records/parking_table.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "platform/asymmetric_fence.hpp"
#include "runtime/base/fork.hpp"
#include "threadwise/detail/runtime/sleepers.hpp"

namespace threadwise {
namespace {

/// One each: until the library is loaded, no releaser may rely on the fence.
constexpr auto somebody_may_sleep_everywhere() {
    return []<std::size_t... index>(std::index_sequence<index...>) {
        return std::array<std::atomic<std::uint32_t>, detail::bucket_count>{
            (static_cast<void>(index), std::atomic<std::uint32_t>{1})...};
    }
    (std::make_index_sequence<detail::bucket_count>());
}

}  // namespace

constinit std::array<std::atomic<std::uint32_t>, detail::bucket_count> detail::sleepers =
    somebody_may_sleep_everywhere();

namespace runtime {
namespace {

constinit std::array<Bucket, detail::bucket_count> table;

/// Whether sleepers rely on the heavy fence.
enum class Fence : std::uint8_t {
    unused,    ///< all counts are at one or more
    used,      ///< counts may be zero
    given_up,  ///< the counts are being raised
};
constinit std::atomic<Fence> fence{Fence::unused};

/// 1 once each release is to go the slow way: all counts are so much higher.
constinit std::atomic<std::uint32_t> slow_releases{0};

/// Lowers the counts as the library is loaded. Order does not matter: a lock that is used earlier takes the slow way.
[[maybe_unused]] const bool lowered = [] {
    if (!platform::enable_heavy_fence()) return false;
    fence = Fence::used;
    for (auto& count : detail::sleepers) count.fetch_sub(1);
    return true;
}();

/// The system refuses the fence from now on: raises the counts again, for good.
///
/// A releaser that sees a raised count goes by the bucket's lock, under which sleepers queue. One that looked at the
/// count before has freed its lock by a store that comes before the look, and the second fence, which only waits, is
/// over when that store has been performed. So a sleeper that finds the fence unused misses neither.
void give_up_fence() noexcept {
    Fence expected = Fence::used;
    if (!fence.compare_exchange_strong(expected, Fence::given_up)) return;
    for (auto& count : detail::sleepers) count.fetch_add(1);
    platform::heavy_fence();
    fence = Fence::unused;
}

/// In a forked child: nobody else is left to sleep.
void forget_all_sleepers() noexcept THREADWISE_UNCHECKED {
    for (Bucket& bucket : table) {
        bucket.lock.reset_after_fork();
        bucket.head = nullptr;
        bucket.tail = nullptr;
    }
    if (fence == Fence::given_up) fence = Fence::unused;
    for (auto& count : detail::sleepers) count.store((fence == Fence::used ? 0 : 1) + slow_releases);
}

[[maybe_unused]] const bool forgets = (at_fork_in_child(forget_all_sleepers, ForkOrder::before_registry), true);

}  // namespace

Bucket& bucket_of(const void* address) noexcept { return table[detail::bucket_index(address)]; }

void let_releases_go_slow() noexcept {
    slow_releases = 1;
    for (auto& count : detail::sleepers) count.fetch_add(1);
}

CountedSleeper::CountedSleeper(const void* address) noexcept : sleepers_(detail::sleepers_on(address)) {
    sleepers_.fetch_add(1);
    if (fence == Fence::unused) return;
    platform::heavy_fence();
    if (platform::heavy_fence_refused()) give_up_fence();
}

CountedSleeper::~CountedSleeper() { sleepers_.fetch_sub(1); }

void Bucket::push_back(ThreadRecord& record, const void* address) noexcept {
    WaitNode& node = record.wait_node;
    // release: pairs with with_bucket_of(), which reads the address before it has the lock.
    node.address.store(address, std::memory_order_release);
    node.queued.store(true, std::memory_order_release);  // release: after the address, see has()
    if (detail::is_counted(address)) detail::sleepers_on(address).fetch_add(1);
    node.next = nullptr;
    node.previous = tail;
    (tail == nullptr ? head : tail->wait_node.next) = &record;
    tail = &record;
}

void Bucket::push_front(ThreadRecord& record, const void* address) noexcept {
    WaitNode& node = record.wait_node;
    node.address.store(address, std::memory_order_release);  // release: as in push_back()
    node.queued.store(true, std::memory_order_release);      // release: after the address, see has()
    if (detail::is_counted(address)) detail::sleepers_on(address).fetch_add(1);
    node.next = head;
    node.previous = nullptr;
    (head == nullptr ? tail : head->wait_node.previous) = &record;
    head = &record;
}

void Bucket::remove(ThreadRecord& record) noexcept {
    WaitNode& node = record.wait_node;
    (node.previous == nullptr ? head : node.previous->wait_node.next) = node.next;
    (node.next == nullptr ? tail : node.next->wait_node.previous) = node.previous;
    node.queued.store(false, std::memory_order_relaxed);  // relaxed: under the lock, see has()
    // relaxed: an address changes only under the lock that we hold.
    const void* const address = node.address.load(std::memory_order_relaxed);
    if (detail::is_counted(address)) detail::sleepers_on(address).fetch_sub(1);
}

ThreadRecord* Bucket::first(const void* address) const noexcept {
    ThreadRecord* record = head;
    // relaxed: an address changes only under the lock that we hold.
    while (record != nullptr && record->wait_node.address.load(std::memory_order_relaxed) != address) {
        record = record->wait_node.next;
    }
    return record;
}

bool Bucket::has(const ThreadRecord& record) const noexcept {
    // acquire: pairs with the release in push_back(). If the mark was set for another bucket, whose lock is not ours,
    // that one's address is seen, too; it cannot be one of this bucket's again, as that takes the lock that we hold.
    if (!record.wait_node.queued.load(std::memory_order_acquire)) return false;
    return &bucket_of(record.wait_node.address.load(std::memory_order_relaxed)) == this;
}

ThreadRecord* Bucket::next_on(const ThreadRecord& record, const void* address) noexcept {
    ThreadRecord* next = record.wait_node.next;
    while (next != nullptr && next->wait_node.address.load(std::memory_order_relaxed) != address) {
        next = next->wait_node.next;  // relaxed: as in first()
    }
    return next;
}

TwoBuckets::TwoBuckets(const void* first_address, const void* second_address) noexcept
    : first(bucket_of(first_address)), second(bucket_of(second_address)) {
    if (&first <= &second) {
        first.lock.lock();
        if (&first != &second) second.lock.lock();
    } else {
        second.lock.lock();
        first.lock.lock();
    }
}

TwoBuckets::~TwoBuckets() {
    first.lock.unlock();
    if (&first != &second) second.lock.unlock();
}

std::optional<QueuedWait> queued_wait(ThreadRecord& record) noexcept {
    return with_bucket_of(record,
                          [&](const Bucket& bucket) THREADWISE_REQUIRES(bucket.lock) -> std::optional<QueuedWait> {
                              if (!bucket.has(record)) return std::nullopt;
                              const WaitSite site = record.site.read();
                              return QueuedWait{.site = site, .owner = owner_of(site)};
                          });
}

}  // namespace runtime
}  // namespace threadwise
