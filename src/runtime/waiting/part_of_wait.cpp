#include "threadwise/detail/waiting/part_of_wait.hpp"

#include <utility>

#include "runtime/records/thread_record.hpp"

namespace threadwise::detail {

PartOfWait::PartOfWait(WaitParts& whole) : outer_(std::exchange(runtime::this_record().wait_parts, &whole)) {}

PartOfWait::~PartOfWait() { runtime::this_record().wait_parts = outer_; }

}  // namespace threadwise::detail
