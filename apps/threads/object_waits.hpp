#pragma once
// For how long threads have waited for each object lately, from one look at the threads after another.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "threadwise/inspect.hpp"

namespace command {

/// The waits of one kind for one object.
struct ObjectWaits {
    std::string kind;
    std::uintptr_t object = 0;
    std::size_t waiting = 0;  ///< threads, now
    double waited = 0;        ///< seconds of all threads together, in the last ones (WaitHistory::window)
    double longest = 0;       ///< the longest of the waits that go on, in seconds
    /// Of the wait that has lasted longest; of the last one that was seen if there is none now.
    ///@{
    std::vector<std::uint32_t> owners;
    threadwise::inspect::Place where;
    ///@}
};

/// Whether that is the kind of wait of a pool's worker that has nothing to do.
bool is_idle_work(std::string_view kind);

/// What is seen of a wait is a sample, as a profiler takes it: a thread that waits at one look is taken to have waited
/// since the look before, a thread that does not, not to have. So short waits are not missed but estimated, all the
/// better the more of them there are. The first look takes what it sees for as long as it has lasted.
class WaitHistory {
public:
    using Instant = threadwise::inspect::Instant;

    static constexpr std::chrono::seconds window{10};

    void add(const threadwise::inspect::Snapshot& snapshot);

    /// The objects that threads wait for, or have waited for in the window, in the order of their addresses.
    std::vector<ObjectWaits> objects() const;

private:
    struct Sample {
        Instant taken;
        double seconds;
    };
    struct Object {
        ObjectWaits now;
        std::deque<Sample> samples;
        const threadwise::inspect::ThreadInfo* longest_waiter = nullptr;  ///< while a snapshot is added
    };

    void add_wait(const threadwise::inspect::ThreadInfo& thread, Instant taken);
    static void describe_longest(Object& object, Instant taken);
    void forget_before(Instant begin);

    std::map<std::pair<std::uintptr_t, std::string>, Object> objects_;
    Instant last_{};
};

}  // namespace command
