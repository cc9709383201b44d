/// Two threads that take turns over threadwise's primitives: a baton lets thread 0 or 1 wait until it is handed over to
/// it.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>

#include "threads.hpp"
#include "threadwise/condition.hpp"
#include "threadwise/event.hpp"
#include "threadwise/lock.hpp"
#include "threadwise/semaphore.hpp"

namespace bench {

template <class Semaphore>
class SemaphoreBaton {
public:
    void hand_to(std::size_t thread) { turn_[thread].release(); }
    void wait_for(std::size_t thread) { turn_[thread].acquire(); }

private:
    struct alignas(64) Turn : Semaphore {
        using Semaphore::Semaphore;
    };
    std::array<Turn, 2> turn_;
};

// Python's locks may be released by any thread.
struct HeldLock : threadwise::Lock {
    HeldLock() { acquire(); }
};

class EventSemaphore {
public:
    void acquire() {
        event_.wait();
        event_.clear();
    }
    void release() { event_.set(); }

private:
    threadwise::Event event_;
};

struct EmptySemaphore : threadwise::Semaphore {
    EmptySemaphore() : threadwise::Semaphore(0) {}
};

class ConditionBaton {
public:
    void hand_to(std::size_t thread) {
        const std::lock_guard lock(changed_);
        turn_ = thread;
        changed_.notify();
    }
    void wait_for(std::size_t thread) {
        const std::lock_guard lock(changed_);
        changed_.wait_for([&] { return turn_ == thread; });
    }

private:
    threadwise::Lock lock_;
    threadwise::Condition changed_{lock_};
    std::size_t turn_ = 2;  // nobody's
};

/// `n` hand-overs; each thread calls `turn` while it has the baton. Returns the seconds that took.
template <class Baton, class Turn>
double take_turns(Place place, std::size_t n, Turn turn) {
    Baton baton;
    baton.hand_to(0);
    return two_threads(place, [&](std::size_t me) {
        for (std::size_t i = 0; i < n / 2; ++i) {
            baton.wait_for(me);
            turn();
            baton.hand_to(1 - me);
        }
    });
}

}  // namespace bench
