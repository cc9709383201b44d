#pragma once
// Threads that take part in one operation of a storm.

#include <memory>
#include <utility>
#include <vector>

#include "storm/world.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::storm {

class Crew {
public:
    Crew() = default;
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew() { join(); }

    /// False: no thread can be started any more, as the process ends.
    template <class Function>
    bool start(Function function) {
        auto thread = std::make_unique<Thread>(ThreadOptions{.daemon = this_is_daemon()}, std::move(function));
        try {
            thread->start();
        } catch (const RuntimeError&) {
            return false;
        }
        threads_.push_back(std::move(thread));
        return true;
    }

    void join() {
        for (const auto& thread : threads_) {
            uninterrupted([&] { thread->join(); });
        }
        threads_.clear();
    }

private:
    static bool this_is_daemon() { return current_thread().daemon(); }

    std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace threadwise::storm
