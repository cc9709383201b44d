#pragma once
// The pools that the process must shut down when it ends.

#include <list>
#include <memory>
#include <optional>

namespace threadwise::detail {

/// A pool, as far as the end of the process and fork() are concerned.
class LivePool {
public:
    LivePool(const LivePool&) = delete;
    LivePool& operator=(const LivePool&) = delete;

    /// Accepts no calls any more; those that it has accepted still run.
    virtual void close_at_exit() = 0;
    /// In a forked child, while the forking thread holds the library's locks.
    virtual void become_orphan() noexcept = 0;

protected:
    LivePool() = default;
    ~LivePool();

private:
    friend class LivePools;
    using List = std::list<std::weak_ptr<LivePool>>;

    std::optional<List::iterator> entry_;  ///< in the list, if it is there
};

/// Python's `_python_exit`: when the process begins to end, no pool accepts calls any more, those that were accepted
/// still run, and the pools' threads are waited for. Also for pools that were shut down without waiting. A pool that is
/// made later accepts none from the beginning.
void end_with_process(const std::shared_ptr<LivePool>& pool);

}  // namespace threadwise::detail
