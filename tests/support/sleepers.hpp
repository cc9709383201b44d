#pragma once
// Who waits and who sleeps, so that a test can wait for it instead of hoping.

#include <atomic>
#include <cstddef>
#include <memory>

#include "runtime/records/parking_table.hpp"
#include "runtime/records/registry.hpp"
#include "support/threads.hpp"

namespace threadwise::testing {

/// How many threads have written down that they wait for `object`. They may still spin.
inline std::size_t waiters(const void* object) {
    std::size_t count = 0;
    runtime::registry::for_each([&](runtime::ThreadRecord& record) {
        const runtime::WaitSite site = record.site.read();
        if (site.kind != runtime::WaitKind::none && site.object == object) ++count;
    });
    return count;
}

/// How many threads are queued on `address`, and so asleep or falling asleep.
inline std::size_t sleepers(const void* address) {
    runtime::Bucket& bucket = runtime::bucket_of(address);
    const platform::InternalHold hold(bucket.lock);
    std::size_t count = 0;
    for (const auto* record = bucket.first(address); record != nullptr;
         record = runtime::Bucket::next_on(*record, address)) {
        ++count;
    }
    return count;
}

/// Whether that thread is queued. Only its bucket's list may be asked: as long as it is in none, the record is its own.
inline bool is_queued(const runtime::ThreadRecord& record) {
    const void* const address = record.wait_node.address.load();
    if (address == nullptr) return false;
    runtime::Bucket& bucket = runtime::bucket_of(address);
    const platform::InternalHold hold(bucket.lock);
    const auto* other = bucket.first(address);
    while (other != nullptr && other != &record) other = runtime::Bucket::next_on(*other, address);
    return other != nullptr;
}

/// How many threads are queued because of a wait for `object`, whatever address they sleep on.
inline std::size_t asleep_for(const void* object) {
    std::size_t count = 0;
    runtime::registry::for_each([&](runtime::ThreadRecord& record) {
        if (is_queued(record) && record.site.read().object == object) ++count;
    });
    return count;
}

inline bool wait_for_waiters(const void* object, std::size_t count) {
    return wait_until([&] { return waiters(object) == count; });
}

inline bool wait_for_sleepers(const void* address, std::size_t count) {
    return wait_until([&] { return sleepers(address) == count; });
}

inline bool wait_for_asleep(const void* object, std::size_t count) {
    return wait_until([&] { return asleep_for(object) == count; });
}

/// The record of a thread that a test wants to interrupt; share() on that thread, get() on another.
class SharedRecord {
public:
    void share() {
        record_ = runtime::this_record().shared_from_this();
        shared_.store(true);
    }
    runtime::ThreadRecord& get() {
        wait_until([this] { return shared_.load(); });
        return *record_;
    }

private:
    std::shared_ptr<runtime::ThreadRecord> record_;
    std::atomic<bool> shared_{false};
};

}  // namespace threadwise::testing
