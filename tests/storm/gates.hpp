#pragma once
// Locks of all kinds: as many inside as there may be, and what they guard is seen by the next.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "storm/world.hpp"
#include "threadwise/condition.hpp"
#include "threadwise/lock.hpp"
#include "threadwise/rlock.hpp"
#include "threadwise/semaphore.hpp"
#include "threadwise/shared_lock.hpp"
#include "threadwise/sleep.hpp"

namespace threadwise::storm {

/// One thread at a time.
class Gate {
public:
    Gate() = default;
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    virtual ~Gate() = default;

    virtual bool enter(Way way, Choices& choices, World& world) = 0;
    virtual void leave() = 0;
    /// Once nobody is inside.
    virtual bool is_free() = 0;

    std::uint64_t guarded = 0;  ///< by the gate alone
    std::atomic<std::uint64_t> entered{0};
};

/// A Lock, an RLock, which is entered once more now and then, or a Condition over one of its own.
template <class Lock>
class LockGate final : public Gate {
public:
    bool enter(Way way, Choices& choices, World& world) override {
        const bool entered_once = enter_once(way, choices, world);
        if constexpr (std::is_same_v<Lock, RLock>) {
            if (entered_once && choices.one_in(3)) {
                const std::scoped_lock again(lock_);
                world.expect(lock_.recursion_count() == 2, "an RLock that was taken twice does not say so");
            }
        }
        return entered_once;
    }
    void leave() override { lock_.unlock(); }
    bool is_free() override {
        const bool free = lock_.try_lock();
        if (free) lock_.unlock();
        return free;
    }

private:
    bool enter_once(Way way, Choices& choices, World& world) {
        switch (way) {
            case Way::tries: return lock_.try_lock();
            case Way::brief: return lock_.acquire(true, choices.brief());
            case Way::stoppable:
                if constexpr (requires { lock_.acquire(std::stop_token()); })
                    return lock_.acquire(world.token(choices));
                break;
            case Way::forever: break;
        }
        lock_.lock();
        return true;
    }

    Lock lock_;
};

/// Readers enter several at a time, see what the writer before left, and change nothing.
class SharedGate final : public Gate {
public:
    bool enter(Way way, Choices& choices, World& world) override {
        if (choices.one_in(2)) read(way, choices, world);
        switch (way) {
            case Way::tries: return lock_.try_lock();
            case Way::brief: return lock_.try_lock_for(choices.brief());
            case Way::stoppable: return lock_.lock(world.token(choices));
            case Way::forever: break;
        }
        lock_.lock();
        return true;
    }
    void leave() override { lock_.unlock(); }
    bool is_free() override {
        const bool free = lock_.try_lock();
        if (free) lock_.unlock();
        return free;
    }

private:
    bool enter_shared(Way way, Choices& choices, World& world) {
        switch (way) {
            case Way::tries: return lock_.try_lock_shared();
            case Way::brief: return lock_.try_lock_shared_for(choices.brief());
            case Way::stoppable: return lock_.lock_shared(world.token(choices));
            case Way::forever: break;
        }
        lock_.lock_shared();
        return true;
    }

    void read(Way way, Choices& choices, World& world) {
        if (!enter_shared(way, choices, world)) return;
        const std::uint64_t before = guarded;
        if (choices.one_in(8)) unless_interrupted([&] { return sleep_for(choices.brief()), true; });
        world.expect(guarded == before, "a writer was inside a SharedLock with a reader");
        lock_.unlock_shared();
    }

    SharedLock lock_;
};

/// A semaphore of one permit.
class SemaphoreGate final : public Gate {
public:
    bool enter(Way way, Choices& choices, World& world) override {
        switch (way) {
            case Way::tries: return semaphore_.try_acquire();
            case Way::brief: return semaphore_.acquire(true, choices.brief());
            case Way::stoppable: return semaphore_.acquire(world.token(choices));
            case Way::forever: break;
        }
        return semaphore_.acquire();
    }
    void leave() override { semaphore_.release(); }
    bool is_free() override { return semaphore_.value() == 1; }

private:
    BoundedSemaphore semaphore_{1};
};

/// Enters gates, several at a time in the order of their numbers, so that none waits for another for good.
class Gates final : public Part {
public:
    explicit Gates(World& world) : Part(world) {
        for (std::size_t i = 0; i < gates_.size(); i += 5) {
            gates_[i] = std::make_unique<LockGate<Lock>>();
            gates_[i + 1] = std::make_unique<LockGate<RLock>>();
            gates_[i + 2] = std::make_unique<SharedGate>();
            gates_[i + 3] = std::make_unique<SemaphoreGate>();
            gates_[i + 4] = std::make_unique<LockGate<Condition>>();
        }
    }

    void act(Choices& choices) override { enter_from(0, choices); }

    void check() override {
        for (const auto& gate : gates_) {
            world().expect(gate->is_free(), "a lock is held by nobody");
            world().expect(gate->guarded == gate->entered, "two threads were inside a lock");
        }
    }

private:
    void enter_from(std::size_t first, Choices& choices) {
        const std::size_t number = first + choices.below(gates_.size() - first);
        Gate& gate = *gates_[number];
        const auto way = static_cast<Way>(choices.below(4));
        if (!unless_interrupted([&] { return gate.enter(way, choices, world()); })) return;
        ++gate.entered;
        const std::uint64_t before = gate.guarded;
        if (choices.one_in(16)) unless_interrupted([&] { return sleep_for(choices.brief()), true; });
        if (number + 1 < gates_.size() && choices.one_in(3)) enter_from(number + 1, choices);
        gate.guarded = before + 1;
        gate.leave();
    }

    std::array<std::unique_ptr<Gate>, 10> gates_;
};

}  // namespace threadwise::storm
