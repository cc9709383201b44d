#include "platform/futex.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace threadwise::platform {
namespace {

/// Threads asleep on any word whose address falls here. Strangers share a bed: a wake-up meant for another word is a
/// spurious one, which futex_wait's contract allows.
struct Bed {
    std::mutex mutex;
    std::condition_variable wake_up;
};

Bed& bed_of(const void* word) noexcept {
    // Never destroyed: threads may still sleep and wake while the process ends.
    static auto& beds = *new std::array<Bed, 64>;
    const auto address = reinterpret_cast<std::uintptr_t>(word);
    return beds[(address >> 6) % beds.size()];
}

}  // namespace

FutexResult futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, Instant deadline) noexcept {
    Bed& bed = bed_of(&word);
    std::unique_lock lock(bed.mutex);
    // Who changes the word calls futex_wake afterwards, which takes this mutex: either the change is seen here, or the
    // notification comes after the sleep has begun.
    if (word.load() != expected) return FutexResult::woken;
    if (deadline == never) {
        bed.wake_up.wait(lock);
        return FutexResult::woken;
    }
    const auto status = bed.wake_up.wait_until(lock, deadline);
    return status == std::cv_status::timeout ? FutexResult::timed_out : FutexResult::woken;
}

void futex_wake(const std::atomic<std::uint32_t>* word, int /*count*/) noexcept {
    Bed& bed = bed_of(word);
    { const std::lock_guard order(bed.mutex); }
    bed.wake_up.notify_all();  // all: the one that is meant may share the bed with others
}

}  // namespace threadwise::platform
