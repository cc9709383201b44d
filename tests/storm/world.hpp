#pragma once
// What all threads and parts of a storm share.

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <stop_token>
#include <string_view>
#include <utility>

#include "storm/board.hpp"
#include "storm/choices.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::storm {

/// How an operation waits, if it has to.
enum class Way : std::uint8_t { tries, brief, stoppable, forever };

/// What the storm's own calls throw.
struct Thrown : std::exception {
    const char* what() const noexcept override { return "thrown by the storm"; }
};

/// What the calling thread is and does.
struct ActorState {
    bool acts = false;   ///< it is an actor
    bool waits = false;  ///< it has a Permit
    int calls = 0;       ///< so many calls of pools it is inside of
};
inline thread_local ActorState this_actor;

class World {
public:
    World(std::uint64_t the_seed, int the_actors) : seed(the_seed), actors(the_actors), free_actors_(the_actors) {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() = default;

    /// Ends the process, and says what was wrong and how to have it again.
    [[noreturn]] void fail(std::string_view what) const {
        std::cerr << "storm: " << what << "; again with THREADWISE_STORM_SEED=" << seed << std::endl;
        dump(std::cerr);
        std::abort();
    }
    void expect(bool holds, std::string_view what) const {
        if (!holds) fail(what);
    }

    /// A token by which stop will be requested now and then.
    std::stop_token token(Choices& choices) {
        const std::lock_guard hold(mutex_);
        return sources_[choices.below(sources_.size())].get_token();
    }
    void request_stop(Choices& choices) {
        std::stop_source source;
        {
            const std::lock_guard hold(mutex_);
            std::swap(source, sources_[choices.below(sources_.size())]);
        }
        source.request_stop();
    }

    const std::uint64_t seed;
    const int actors;
    /// Whether actors are held as the process ends, perhaps where a pool refuses a call: then no call waits for them.
    bool daemons = false;
    Board board;
    std::atomic<bool> over{false};           ///< no operation begins any more
    std::atomic<std::uint64_t> progress{0};  ///< operations and deeds done

private:
    friend class Permit;

    /// Actors that do not wait for others.
    std::atomic<int> free_actors_;
    std::mutex mutex_;
    std::array<std::stop_source, 4> sources_;
};

/// Leave to wait for as long as it takes, for something that an actor has to do: one actor never gets it, and does
/// what the others wait for. Threads that are no actors always do, if the actors stay.
class Permit {
public:
    explicit Permit(World& world) : world_(world), granted_(this_actor.acts ? this_actor.waits : !world.daemons) {
        if (granted_ || !this_actor.acts) return;
        int free = world_.free_actors_;
        while (free > 1 && !taken_) taken_ = world_.free_actors_.compare_exchange_weak(free, free - 1);
        granted_ = this_actor.waits = taken_;
    }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit() {
        if (!taken_) return;
        this_actor.waits = false;
        ++world_.free_actors_;
    }

    explicit operator bool() const noexcept { return granted_; }
    /// The same, for calls of pools. A call could wait for itself.
    bool for_calls() const noexcept { return granted_ && this_actor.calls == 0; }

private:
    World& world_;
    bool granted_;
    bool taken_ = false;
};

/// Whether `operation` did what it should; not if the thread was interrupted.
template <class Operation>
bool unless_interrupted(Operation operation) {
    try {
        return operation();
    } catch (const InterruptedError&) {
        return false;
    }
}

/// Until no interrupt ends it.
template <class Operation>
void uninterrupted(Operation operation) {
    while (!unless_interrupted([&] { return operation(), true; })) {}
}

/// One kind of object, the operations on it, and what holds of it in the end.
class Part {
public:
    explicit Part(World& world) noexcept : world_(world) {}
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    virtual ~Part() = default;

    virtual void act(Choices& choices) = 0;
    /// Whether everything that has begun is settled; asked once no operation begins any more.
    virtual bool settled() { return true; }
    /// Once all is settled.
    virtual void check() {}

protected:
    World& world() const noexcept { return world_; }

private:
    World& world_;
};

}  // namespace threadwise::storm
