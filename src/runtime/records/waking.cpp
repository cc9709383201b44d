#include "runtime/records/waking.hpp"

#include "runtime/records/parking_table.hpp"

namespace threadwise::runtime {
namespace {

/// Threads that sleep no more, linked by their nodes, and are yet to be notified.
struct Taken {
    ThreadRecord* first = nullptr;
    std::size_t count = 0;
};

/// The first `count` that sleep on `address`; each is told that token.
Taken take_off(Bucket& bucket, const void* address, std::size_t count, std::uint32_t token)
    THREADWISE_REQUIRES(bucket.lock) {
    Taken taken;
    ThreadRecord** link = &taken.first;
    for (ThreadRecord* sleeper = bucket.first(address); sleeper != nullptr && taken.count < count; ++taken.count) {
        ThreadRecord* const next = Bucket::next_on(*sleeper, address);
        bucket.remove(*sleeper);
        sleeper->wait_node.token = token;
        sleeper->wait_node.waker = detail::this_ident;
        sleeper->wait_node.next = nullptr;
        *link = sleeper;
        link = &sleeper->wait_node.next;
        sleeper = next;
    }
    return taken;
}

void notify(const Taken& taken) {
    for (ThreadRecord *record = taken.first, *next = nullptr; record != nullptr; record = next) {
        next = record->wait_node.next;  // once notified, a record may be gone
        record->parker.notify();
    }
}

}  // namespace

bool unpark_one(const void* address, FunctionRef<std::optional<std::uint32_t>(Sleeper)> decide) {
    Bucket& bucket = bucket_of(address);
    ThreadRecord* sleeper = nullptr;
    {
        const platform::InternalHold hold(bucket.lock);
        sleeper = bucket.first(address);
        const bool more = sleeper != nullptr && Bucket::next_on(*sleeper, address) != nullptr;
        const std::optional<std::uint32_t> token = decide(Sleeper{sleeper, more});
        if (sleeper == nullptr || !token) return false;
        bucket.remove(*sleeper);
        sleeper->wait_node.token = *token;
        sleeper->wait_node.waker = detail::this_ident;
    }
    sleeper->parker.notify();
    return true;
}

std::size_t unpark(const void* address, std::size_t count, FunctionRef<void(std::size_t)> first) {
    Bucket& bucket = bucket_of(address);
    Taken taken;
    {
        const platform::InternalHold hold(bucket.lock);
        taken = take_off(bucket, address, count, 0);
        first(taken.count);
    }
    notify(taken);
    return taken.count;
}

void unpark_some(const void* address, std::size_t count, std::uint32_t token,
                 FunctionRef<std::size_t(std::size_t, bool)> decide) {
    Bucket& bucket = bucket_of(address);
    Taken taken;
    {
        const platform::InternalHold hold(bucket.lock);
        std::size_t found = 0;
        const ThreadRecord* sleeper = bucket.first(address);
        for (; sleeper != nullptr && found < count; ++found) sleeper = Bucket::next_on(*sleeper, address);
        if (found == 0) return;
        taken = take_off(bucket, address, decide(found, sleeper != nullptr), token);
    }
    notify(taken);
}

// Unchecked: clang cannot tell which locks TwoBuckets holds.
std::size_t requeue(const void* from, const void* to, std::size_t count) THREADWISE_UNCHECKED {
    TwoBuckets buckets(from, to);
    std::size_t moved = 0;
    for (ThreadRecord* sleeper = buckets.first.first(from); sleeper != nullptr && moved < count; ++moved) {
        ThreadRecord* const next = Bucket::next_on(*sleeper, from);
        buckets.first.remove(*sleeper);
        buckets.second.push_back(*sleeper, to);
        sleeper->wait_node.requeued = true;
        sleeper = next;
    }
    return moved;
}

}  // namespace threadwise::runtime
