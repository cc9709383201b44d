#pragma once
// The pools that the process must shut down when it ends.

#include <list>
#include <memory>
#include <optional>

namespace threadwise::detail {

class Pool;

using LivePoolList = std::list<std::weak_ptr<Pool>>;

/// A pool's place among those that the process shuts down. Goes with the pool.
class LivePoolPlace {
public:
    LivePoolPlace() = default;
    LivePoolPlace(const LivePoolPlace&) = delete;
    LivePoolPlace& operator=(const LivePoolPlace&) = delete;
    ~LivePoolPlace();

private:
    friend void end_with_process(const std::shared_ptr<Pool>& pool);
    std::optional<LivePoolList::iterator> place_;
};

/// Python's `_python_exit`: when the process begins to end, no pool accepts calls any more, those that were accepted
/// still run, and the pools' threads are waited for. Also for pools that were shut down without waiting. A pool that is
/// made later accepts none from the beginning.
void end_with_process(const std::shared_ptr<Pool>& pool);

}  // namespace threadwise::detail
