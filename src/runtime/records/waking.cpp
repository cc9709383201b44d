#include "runtime/records/waking.hpp"

#include "runtime/records/parking_table.hpp"

namespace threadwise::runtime {

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
    }
    sleeper->parker.notify();
    return true;
}

std::size_t unpark(const void* address, std::size_t count, FunctionRef<void(std::size_t)> first) {
    Bucket& bucket = bucket_of(address);
    ThreadRecord* woken = nullptr;
    ThreadRecord** link = &woken;
    std::size_t found = 0;
    {
        const platform::InternalHold hold(bucket.lock);
        for (ThreadRecord* sleeper = bucket.first(address); sleeper != nullptr && found < count; ++found) {
            ThreadRecord* const next = Bucket::next_on(*sleeper, address);
            bucket.remove(*sleeper);
            sleeper->wait_node.token = 0;
            sleeper->wait_node.next = nullptr;
            *link = sleeper;
            link = &sleeper->wait_node.next;
            sleeper = next;
        }
        first(found);
    }
    while (woken != nullptr) {
        // Once notified, a record may be gone: look for the next one first.
        ThreadRecord* const next = woken->wait_node.next;
        woken->parker.notify();
        woken = next;
    }
    return found;
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
