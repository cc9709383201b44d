#pragma once
// Waiting in parts, for embedders that have to look at something else in between.

#include "threadwise/detail/runtime/wait_parts.hpp"
#include "threadwise/export.hpp"

namespace threadwise::detail {

/// While it exists, the calling thread's waits are parts of that one.
class THREADWISE_API PartOfWait {
public:
    explicit PartOfWait(WaitParts& whole);
    ~PartOfWait();
    PartOfWait(const PartOfWait&) = delete;
    PartOfWait& operator=(const PartOfWait&) = delete;

private:
    WaitParts* const outer_;
};

}  // namespace threadwise::detail
