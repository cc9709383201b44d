#pragma once

#include <memory>
#include <utility>

#include "runtime/records/thread_record.hpp"
#include "threadwise/thread_handle.hpp"

namespace threadwise {

/// Makes handles and looks into them, for the rest of src/.
struct ThreadHandleAccess {
    static ThreadHandle make(std::shared_ptr<runtime::ThreadRecord> record) { return ThreadHandle(std::move(record)); }
    static runtime::ThreadRecord& record(const ThreadHandle& thread) { return thread.record(); }
};

}  // namespace threadwise
