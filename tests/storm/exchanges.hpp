#pragma once
// What is given and taken: items of queues, permits of semaphores, tokens that a condition guards. As much is taken as
// was given, and nothing twice.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "storm/world.hpp"
#include "threadwise/condition.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/semaphore.hpp"
#include "threadwise/shared_lock.hpp"

namespace threadwise::storm {

class Exchange {
public:
    Exchange() = default;
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    virtual ~Exchange() = default;

    /// Returns how many of so many were given, or taken.
    virtual std::size_t give(std::size_t count, Way way, Choices& choices, World& world) = 0;
    virtual std::size_t take(std::size_t count, Way way, Choices& choices, World& world) = 0;
    /// Once everything that was given has been taken.
    virtual void check(World& world) = 0;
};

/// An item that is owned by one, and has a number.
struct Item {
    std::unique_ptr<std::uint64_t> number;
    friend bool operator<(const Item& a, const Item& b) noexcept { return *a.number < *b.number; }
};

template <class Items>
class QueueExchange final : public Exchange {
public:
    template <class... Arguments>
    explicit QueueExchange(Arguments... arguments) : items_(arguments...) {}

    std::size_t give(std::size_t count, Way way, Choices& choices, World& world) override {
        std::size_t given = 0;
        while (given < count) {
            Item item{std::make_unique<std::uint64_t>(choices.number())};
            const std::uint64_t number = *item.number;
            if (!unless_interrupted([&] { return put(std::move(item), way, choices, world); })) break;
            sum_ += number;
            ++given;
        }
        return given;
    }

    std::size_t take(std::size_t count, Way way, Choices& choices, World& world) override {
        std::vector<Item> items;
        unless_interrupted([&] { return get(items, count, way, choices, world), true; });
        for (const Item& item : items) {
            sum_ -= *item.number;
            if constexpr (has_tasks) items_.task_done();
        }
        return items.size();
    }

    void check(World& world) override {
        world.expect(items_.empty(), "a queue holds more than was put");
        world.expect(sum_ == 0, "a queue gave out other items than were put");
        if constexpr (has_tasks) items_.join();
    }

private:
    static constexpr bool has_tasks = requires(Items & items) { items.task_done(); };

    bool put(Item item, Way way, Choices& choices, World& world) {
        if constexpr (has_tasks) {
            switch (way) {
                case Way::tries: return items_.try_put(std::move(item));
                case Way::brief: return items_.put({}, std::move(item), choices.brief());
                case Way::stoppable: return items_.put(world.token(choices), std::move(item));
                case Way::forever: break;
            }
        }
        items_.put(std::move(item));
        return true;
    }

    void get(std::vector<Item>& items, std::size_t count, Way way, Choices& choices, World& world) {
        const auto add = [&](std::optional<Item> item) {
            if (item) items.push_back(std::move(*item));
        };
        if constexpr (has_tasks) {
            if (count > 1) {
                const auto out = std::back_inserter(items);
                switch (way) {
                    case Way::tries: items_.get_some(out, count, std::chrono::seconds(0)); return;
                    case Way::brief: items_.get_some(out, count, choices.brief()); return;
                    case Way::stoppable: items_.get_some(world.token(choices), out, count); return;
                    case Way::forever: items_.get_some(out, count); return;
                }
            }
        }
        switch (way) {
            case Way::tries: add(items_.try_get()); return;
            case Way::brief: add(items_.get(std::stop_token(), choices.brief())); return;
            case Way::stoppable: add(items_.get(world.token(choices))); return;
            case Way::forever: add(items_.get()); return;
        }
    }

    Items items_;
    std::atomic<std::uint64_t> sum_{0};  ///< of the numbers put and not got
};

class PermitExchange final : public Exchange {
public:
    std::size_t give(std::size_t count, Way, Choices&, World&) override {
        permits_.release(static_cast<std::int64_t>(count));
        return count;
    }
    std::size_t take(std::size_t, Way way, Choices& choices, World& world) override {
        const auto acquire = [&] {
            switch (way) {
                case Way::tries: return permits_.try_acquire();
                case Way::brief: return permits_.acquire(true, choices.brief());
                case Way::stoppable: return permits_.acquire(world.token(choices));
                case Way::forever: break;
            }
            return permits_.acquire();
        };
        return unless_interrupted(acquire) ? 1 : 0;
    }
    void check(World& world) override { world.expect(permits_.value() == 0, "a semaphore has permits of nobody"); }

private:
    Semaphore permits_{0};
};

/// Each token is announced to one who waits, so that a notification that is lost leaves a thread waiting.
template <class Mutex>
class TokenExchange final : public Exchange {
public:
    std::size_t give(std::size_t count, Way, Choices& choices, World&) override {
        if (!unless_interrupted([&] { return changed_.lock(), true; })) return 0;
        tokens_ += count;
        if (choices.one_in(8)) {
            changed_.notify_all();
        } else {
            changed_.notify(static_cast<std::ptrdiff_t>(count));
        }
        changed_.unlock();
        return count;
    }
    std::size_t take(std::size_t, Way way, Choices& choices, World& world) override {
        const auto take_one = [&] {
            const std::lock_guard hold(changed_);
            const bool there = wait(way, choices, world);
            if (there) --tokens_;
            return there;
        };
        return unless_interrupted(take_one) ? 1 : 0;
    }
    void check(World& world) override { world.expect(tokens_ == 0, "tokens of nobody are left at a condition"); }

private:
    bool wait(Way way, Choices& choices, World& world) {
        const auto there = [this] { return tokens_ > 0; };
        switch (way) {
            case Way::tries: return there();
            case Way::brief: return changed_.wait_for(there, choices.brief());
            case Way::stoppable: return changed_.wait_for(world.token(choices), there);
            case Way::forever: break;
        }
        return changed_.wait_for(there);
    }

    Mutex mutex_;
    Condition changed_{mutex_};
    std::size_t tokens_ = 0;
};

/// Each operation leaves its opposite to others beforehand, and itself if it did not succeed: so whoever waits gets
/// what it waits for, and nothing is left in the end.
class Exchanges final : public Part {
public:
    explicit Exchanges(World& world) : Part(world) {
        exchanges_.push_back(std::make_unique<QueueExchange<Queue<Item>>>());
        exchanges_.push_back(std::make_unique<QueueExchange<Queue<Item>>>(3));
        exchanges_.push_back(std::make_unique<QueueExchange<LifoQueue<Item>>>(2));
        exchanges_.push_back(std::make_unique<QueueExchange<PriorityQueue<Item>>>());
        exchanges_.push_back(std::make_unique<QueueExchange<PriorityQueue<Item>>>(3));
        exchanges_.push_back(std::make_unique<QueueExchange<SimpleQueue<Item>>>());
        exchanges_.push_back(std::make_unique<PermitExchange>());
        exchanges_.push_back(std::make_unique<TokenExchange<Lock>>());
        exchanges_.push_back(std::make_unique<TokenExchange<RLock>>());
        exchanges_.push_back(std::make_unique<TokenExchange<SharedLock>>());
    }

    void act(Choices& choices) override {
        Exchange& exchange = *exchanges_[choices.below(exchanges_.size())];
        const std::size_t count = choices.one_in(3) ? 1 + choices.below(3) : 1;
        const bool gives = choices.one_in(2);
        auto way = static_cast<Way>(choices.below(4));
        const Permit permit(world());
        if (!permit && way >= Way::stoppable) way = Way::brief;
        world().board.post(deed(exchange, !gives), count);
        const std::size_t done = operate(exchange, gives, count, way, choices);
        world().board.post(deed(exchange, gives), count - done);
    }

    void check() override {
        for (const auto& exchange : exchanges_) exchange->check(world());
    }

private:
    std::size_t operate(Exchange& exchange, bool gives, std::size_t count, Way way, Choices& choices) {
        return gives ? exchange.give(count, way, choices, world()) : exchange.take(count, way, choices, world());
    }

    Deed deed(Exchange& exchange, bool gives) {
        return [this, &exchange, gives](Choices& choices) {
            return operate(exchange, gives, 1, Way::tries, choices) == 1;
        };
    }

    std::vector<std::unique_ptr<Exchange>> exchanges_;
};

}  // namespace threadwise::storm
