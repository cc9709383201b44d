#include "runtime/parking_table.hpp"

#include <array>
#include <cstdint>

namespace threadwise::runtime {
namespace {

constexpr std::size_t bucket_bits = 10;
constinit std::array<Bucket, std::size_t{1} << bucket_bits> table;

}  // namespace

Bucket& bucket_of(const void* address) noexcept {
    // Fibonacci hashing: the golden ratio spreads neighbouring addresses, and the high bits are the good ones.
    const std::uint64_t hash = reinterpret_cast<std::uintptr_t>(address) * 0x9E3779B97F4A7C15U;
    return table[hash >> (64 - bucket_bits)];
}

void Bucket::push_back(ThreadRecord& record, const void* address) noexcept {
    QueuePlace& place = record.place;
    // release: pairs with with_bucket_of(), which reads the address before it has the lock.
    place.address.store(address, std::memory_order_release);
    place.queued = true;
    place.next = nullptr;
    place.previous = tail;
    (tail == nullptr ? head : tail->place.next) = &record;
    tail = &record;
}

void Bucket::push_front(ThreadRecord& record, const void* address) noexcept {
    QueuePlace& place = record.place;
    place.address.store(address, std::memory_order_release);  // release: as in push_back()
    place.queued = true;
    place.next = head;
    place.previous = nullptr;
    (head == nullptr ? tail : head->place.previous) = &record;
    head = &record;
}

void Bucket::remove(ThreadRecord& record) noexcept {
    QueuePlace& place = record.place;
    (place.previous == nullptr ? head : place.previous->place.next) = place.next;
    (place.next == nullptr ? tail : place.next->place.previous) = place.previous;
    place.queued = false;
}

ThreadRecord* Bucket::first(const void* address) const noexcept {
    ThreadRecord* record = head;
    // relaxed: an address changes only under the lock that we hold.
    while (record != nullptr && record->place.address.load(std::memory_order_relaxed) != address) {
        record = record->place.next;
    }
    return record;
}

ThreadRecord* Bucket::next_on(const ThreadRecord& record, const void* address) noexcept {
    ThreadRecord* next = record.place.next;
    while (next != nullptr && next->place.address.load(std::memory_order_relaxed) != address) {
        next = next->place.next;  // relaxed: as in first()
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

void forget_all_sleepers() noexcept {
    for (Bucket& bucket : table) {
        bucket.lock.reset_after_fork();
        bucket.head = nullptr;
        bucket.tail = nullptr;
    }
}

}  // namespace threadwise::runtime
