#pragma once
// What a Thread is made of: the part that outlives the Thread object while the thread runs.

#include <cstddef>
#include <memory>
#include <stop_token>
#include <utility>

#include "runtime/records/thread_record.hpp"
#include "threadwise/thread.hpp"

namespace threadwise {

struct ThreadState final : runtime::ThreadRecord {
    ThreadState() : ThreadRecord(Origin::started) {}

    std::unique_ptr<detail::Target> target;
    Thread* object = nullptr;  ///< whose run() is overridden and is to be called; null: the target alone
    std::stop_source stop;
    std::size_t stack_size = 0;

    /// What the native thread does.
    static void main(void* first);

private:
    void run();
};

/// Makes handles and looks into them, for the rooms of src/.
struct ThreadHandleAccess {
    static ThreadHandle make(std::shared_ptr<runtime::ThreadRecord> record) { return ThreadHandle(std::move(record)); }
    static runtime::ThreadRecord& record(const ThreadHandle& thread) { return thread.record(); }
};

}  // namespace threadwise
