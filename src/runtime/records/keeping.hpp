#pragma once
// What a thread keeps others waiting for by running it: a part of a task group, of a loop, of a pool.

#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// While it exists, all threads that wait for `object` to be done wait for the calling thread. On the thread's stack;
/// others read the chain while the thread is queued to sleep, under the bucket's lock.
class Keeping {
public:
    explicit Keeping(const void* object) : Keeping(this_record(), object) {}
    Keeping(ThreadRecord& record, const void* object) noexcept
        : record_(record), object_(object), outer_(record.keeps) {
        record_.keeps = this;
    }
    ~Keeping() { record_.keeps = outer_; }
    Keeping(const Keeping&) = delete;
    Keeping& operator=(const Keeping&) = delete;

    const void* object() const noexcept { return object_; }
    const Keeping* outer() const noexcept { return outer_; }

private:
    ThreadRecord& record_;
    const void* const object_;
    const Keeping* const outer_;
};

}  // namespace threadwise::runtime
