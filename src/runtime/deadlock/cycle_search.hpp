#pragma once
// The circles among the threads that wait for each other.

#include <cstddef>
#include <optional>

#include "runtime/deadlock/blocked_threads.hpp"

namespace threadwise::runtime {

/// Goes through the graph depth first, each edge once.
class CycleSearch {
public:
    /// Throws std::bad_alloc; `threads` must outlive it.
    explicit CycleSearch(const BlockedThreads& threads);

    /// The indices of the next circle's threads, each of which waits for the one after it, the last for the first; and
    /// the weakest of their ties. Empty: there are no more. In each part of the graph that has circles one at least is
    /// found.
    struct Cycle {
        SystemVector<std::size_t> threads;
        Tie tie = Tie::certain;
    };
    Cycle next();

private:
    enum class Mark : unsigned char { unseen, on_path, done };

    struct Step {
        std::size_t thread;
        std::size_t next_edge;
        Tie tie;  ///< of the edge that led here
    };

    void enter(std::size_t thread, Tie tie);
    Cycle cut_cycle(std::size_t from, Tie closing) const;

    const BlockedThreads& threads_;
    SystemVector<Mark> marks_;
    SystemVector<Step> path_;
    std::size_t next_start_ = 0;
};

}  // namespace threadwise::runtime
