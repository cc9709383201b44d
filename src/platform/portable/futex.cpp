#include "platform/futex.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace threadwise::platform {
namespace {

/// Threads asleep on any word whose address falls here. A wake-up meant for another word is a spurious one, which
/// futex_wait's contract allows.
struct Bucket {
    std::mutex mutex;
    std::condition_variable wake_up;
};

/// In static memory, as a replaced operator new may use a lock that sleeps here. Never destroyed: threads may still
/// sleep and wake while the process ends.
union Buckets {
    Buckets() : list{} {}
    ~Buckets() {}
    std::array<Bucket, 64> list;
};

Bucket& bucket_of(const void* word) noexcept {
    static Buckets buckets;
    const auto address = reinterpret_cast<std::uintptr_t>(word);
    return buckets.list[(address >> 6) % buckets.list.size()];
}

/// Constructed while the library is loaded: a fork during a construction on first use would leave it half done.
[[maybe_unused]] const Bucket& made = bucket_of(nullptr);

}  // namespace

FutexResult futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Instant deadline) noexcept {
    Bucket& bucket = bucket_of(&word);
    std::unique_lock lock(bucket.mutex);
    // A thread that changes the word calls futex_wake afterwards, which takes this mutex: either the change is seen
    // here, or the notification comes after the sleep has begun.
    if (word.load() != expected) return FutexResult::woken;
    if (deadline == never) {
        bucket.wake_up.wait(lock);
        return FutexResult::woken;
    }
    const auto status = bucket.wake_up.wait_until(lock, deadline);
    return status == std::cv_status::timeout ? FutexResult::timed_out : FutexResult::woken;
}

void futex_wake(const std::atomic<std::uint32_t>* word, int /*count*/) noexcept {
    Bucket& bucket = bucket_of(word);
    { const std::lock_guard order(bucket.mutex); }
    bucket.wake_up.notify_all();  // all: the bucket may hold sleepers on other words
}

}  // namespace threadwise::platform
