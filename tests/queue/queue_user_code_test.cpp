// Moves, comparisons, destructors and iterators that count, fail, wait, or use the very queue: none of them runs while
// a lock of the queue is held, and an item is moved once in and once out.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/event.hpp"
#include "threadwise/queue.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

/// Counts its moves, calls `on_move` at each, and fails at one of them.
struct Moved {
    explicit Moved(int number) : value(number) {}
    Moved(Moved&& other) : value(other.value) { note(); }
    Moved& operator=(Moved&& other) {
        note();
        value = other.value;
        return *this;
    }
    Moved(const Moved&) = delete;
    Moved& operator=(const Moved&) = delete;
    ~Moved() = default;

    bool operator<(const Moved& other) const { return value < other.value; }

    static void note() {
        ++moves;
        if (on_move) on_move();
        if (moves == fails_at) throw std::runtime_error("cannot be moved");
    }
    static void reset() {
        moves = 0;
        fails_at = 0;
        on_move = nullptr;
    }

    int value;
    static inline int moves = 0;
    static inline int fails_at = 0;
    static inline std::function<void()> on_move;
};

template <class AnyQueue>
class QueueMovesTest : public ::testing::Test {
protected:
    QueueMovesTest() { Moved::reset(); }
    ~QueueMovesTest() override { Moved::reset(); }
};

using Queues = ::testing::Types<Queue<Moved>, SimpleQueue<Moved>, LifoQueue<Moved>, PriorityQueue<Moved>>;
TYPED_TEST_SUITE(QueueMovesTest, Queues);

TYPED_TEST(QueueMovesTest, EachItemOnceInAndOnceOut) {
    TypeParam queue;
    const auto moves_of = [](auto use) {
        Moved::moves = 0;
        use();
        return Moved::moves;
    };
    const auto put = [&] { queue.put(Moved(1)); };
    EXPECT_EQ(moves_of(put), 1);
    EXPECT_EQ(moves_of([&] { EXPECT_EQ(queue.get().value, 1); }), 1);
    put();
    EXPECT_EQ(moves_of([&] { EXPECT_EQ(queue.get_nowait().value, 1); }), 1);
    put();
    EXPECT_EQ(moves_of([&] { EXPECT_TRUE(queue.try_get()); }), 1);
    put();
    EXPECT_EQ(moves_of([&] { EXPECT_TRUE(queue.get(std::stop_token())); }), 1);
    std::jthread putter([&] {
        testing::wait_for_waiters(&queue, 1);
        put();
    });
    EXPECT_EQ(queue.get().value, 1);
}

TYPED_TEST(QueueMovesTest, WhicheverFailsTheItemIsNotLost) {
    TypeParam queue;
    for (int fails_at = 1; fails_at <= 3; ++fails_at) {
        Moved item(7);
        Moved::reset();
        Moved::fails_at = fails_at;
        int thrown = 0;
        while (queue.qsize() == 0) {
            try {
                queue.put(std::move(item));
            } catch (const std::runtime_error&) {
                ++thrown;
                EXPECT_TRUE(queue.empty());
            }
        }
        for (;;) {
            try {
                EXPECT_EQ(queue.get().value, 7);
                break;
            } catch (const std::runtime_error&) {
                ++thrown;
                EXPECT_EQ(queue.qsize(), 1U);
            }
        }
        EXPECT_EQ(thrown, fails_at <= 2 ? 1 : 0);
        EXPECT_TRUE(queue.empty());
    }
}

TYPED_TEST(QueueMovesTest, OfTheSameQueueFromWithinIsRefusedOrWorks) {
    TypeParam queue;
    Moved::on_move = [&] {
        Moved::on_move = nullptr;
        EXPECT_EQ(queue.qsize(), 0U);
        EXPECT_THROW(queue.put(Moved(2)), RuntimeError);
    };
    queue.put(Moved(1));
    EXPECT_EQ(queue.qsize(), 1U);
    Moved::on_move = [&] {
        Moved::on_move = nullptr;
        EXPECT_THROW(queue.get(), RuntimeError);
        EXPECT_THROW((void)queue.try_get(), RuntimeError);
    };
    EXPECT_EQ(queue.get().value, 1);
    EXPECT_TRUE(queue.empty());
}

TEST(QueueMoves, MayUseTheOtherSideOfAQueue) {
    Moved::reset();
    Queue<Moved> queue;
    queue.put(Moved(1));
    Moved::on_move = [&] {
        Moved::on_move = nullptr;
        queue.put(Moved(2));
    };
    EXPECT_EQ(queue.get().value, 1);
    EXPECT_EQ(queue.get().value, 2);
    Moved::reset();
}

TEST(QueueMoves, EachItemOnceWhenWalkedOver) {
    Moved::reset();
    Queue<Moved> queue;
    for (int i = 0; i < 3; ++i) queue.put(Moved(i));
    queue.shutdown();
    Moved::moves = 0;
    int walked = 0;
    for (const Moved& item : queue) EXPECT_EQ(item.value, walked++);
    EXPECT_EQ(walked, 3);
    EXPECT_EQ(Moved::moves, 3);
}

/// Holds up whoever compares, or moves, until it is let go.
struct Gate {
    Event reached;
    Event open;
    void pass() {
        reached.set();
        open.wait();
    }
};

struct GatedLess {
    Gate* gate = nullptr;
    bool operator()(int a, int b) const {
        if (gate != nullptr && (a == 0 || b == 0)) gate->pass();
        return a < b;
    }
};

using GatedQueue = PriorityQueue<int, GatedLess>;

TEST(QueueComparison, MayLookAtTheQueue) {
    PriorityQueue<int, std::function<bool(int, int)>>* looked_at = nullptr;
    std::size_t seen = 99;
    PriorityQueue<int, std::function<bool(int, int)>> queue(5, [&](int a, int b) {
        seen = looked_at->qsize() + (looked_at->empty() ? 10U : 0U) + (looked_at->full() ? 100U : 0U);
        return a < b;
    });
    looked_at = &queue;
    for (const int i : {3, 1, 2}) queue.put(i);
    EXPECT_EQ(seen, 2U);
    EXPECT_EQ(queue.get(), 1);
    EXPECT_EQ(queue.get(), 2);
}

TEST(QueueComparison, ThatUsesItsOwnQueueIsRefused) {
    PriorityQueue<int, std::function<bool(int, int)>>* used = nullptr;
    PriorityQueue<int, std::function<bool(int, int)>> queue(0, [&](int a, int b) {
        used->put(7);
        return a < b;
    });
    used = &queue;
    queue.put(1);
    EXPECT_THROW(queue.put(2), RuntimeError);
    EXPECT_EQ(queue.qsize(), 1U);
    EXPECT_EQ(queue.get(), 1);
}

TEST(QueueComparison, OthersTimeOutAndCanBeEndedWhileItTakesLong) {
    Gate gate;
    GatedQueue queue(2, GatedLess{&gate});
    queue.put(1);
    std::jthread comparing([&] { queue.put(0); });
    ASSERT_TRUE(gate.reached.wait(testing::patience));
    EXPECT_EQ(queue.qsize(), 1U);
    EXPECT_FALSE(queue.full());
    EXPECT_THROW(queue.get(10ms), Empty);
    EXPECT_THROW(queue.put(5, 10ms), Full);
    std::vector<int> got;
    EXPECT_EQ(queue.get_some(std::back_inserter(got), 5, 10ms), 0U);
    EXPECT_EQ(queue.put_all(std::vector{3}, 10ms), 0U);
    std::stop_source stop;
    testing::SharedRecord interrupted;
    std::jthread stopped([&] { EXPECT_EQ(queue.get(stop.get_token()), std::nullopt); });
    std::jthread waiting([&] {
        interrupted.share();
        EXPECT_THROW(queue.get(), InterruptedError);
    });
    ASSERT_TRUE(testing::wait_for_asleep(&queue, 2));
    stop.request_stop();
    runtime::interrupt(interrupted.get());
    stopped.join();
    waiting.join();
    gate.open.set();
    comparing.join();
    EXPECT_EQ(queue.get(), 0);
    EXPECT_EQ(queue.get(), 1);
}

TEST(QueueComparison, DoesNotHoldUpTheShutdown) {
    Gate gate;
    GatedQueue queue(0, GatedLess{&gate});
    queue.put(1);
    std::jthread comparing([&] { EXPECT_THROW(queue.put(0), ShutDown); });
    ASSERT_TRUE(gate.reached.wait(testing::patience));
    queue.shutdown();
    EXPECT_TRUE(queue.is_shut_down());
    gate.open.set();
    comparing.join();
    EXPECT_EQ(queue.get(), 1);
    EXPECT_THROW(queue.get(), ShutDown);
}

TEST(QueueComparison, TriesWaitUntilItIsKnownWhetherThereIsAnItem) {
    Gate gate;
    GatedQueue queue(0, GatedLess{&gate});
    queue.put(1);
    std::jthread comparing([&] { queue.put(0); });
    ASSERT_TRUE(gate.reached.wait(testing::patience));
    std::vector<std::jthread> tries;
    std::vector<int> got(2);
    tries.emplace_back([&] { got[0] = queue.get_nowait(); });
    tries.emplace_back([&] { got[1] = queue.get(0s); });
    ASSERT_TRUE(testing::wait_for_asleep(&queue, 2));
    gate.open.set();
    tries.clear();
    std::ranges::sort(got);
    EXPECT_EQ(got, (std::vector{0, 1}));
}

template <class AnyQueue>
class QueueDestructorsTest : public ::testing::Test {};

struct UsesQueue {
    explicit UsesQueue(std::function<void()> use) : use_(std::move(use)) {}
    UsesQueue(const UsesQueue&) = delete;
    UsesQueue& operator=(const UsesQueue&) = delete;
    ~UsesQueue() { use_(); }

private:
    std::function<void()> use_;
};
using Item = std::shared_ptr<UsesQueue>;

using QueuesOfItems = ::testing::Types<Queue<Item>, LifoQueue<Item>, PriorityQueue<Item>>;
TYPED_TEST_SUITE(QueueDestructorsTest, QueuesOfItems);

TYPED_TEST(QueueDestructorsTest, MayUseTheQueueThatDropsThem) {
    TypeParam queue;
    int destroyed = 0;
    for (int i = 0; i < 3; ++i) {
        queue.put(std::make_shared<UsesQueue>([&] {
            EXPECT_EQ(queue.qsize(), 0U);
            EXPECT_THROW((void)queue.try_get(), ShutDown);
            EXPECT_THROW(queue.put(nullptr), ShutDown);
            ++destroyed;
        }));
    }
    queue.shutdown(true);
    EXPECT_EQ(destroyed, 3);
    queue.join();
}

TEST(QueueRanges, AreWalkedOverWithoutALock) {
    Queue<int> source;
    Queue<int> queue(2);
    std::jthread forwarder([&] { EXPECT_EQ(queue.put_all(source), 2U); });
    source.put(1);
    EXPECT_EQ(queue.get(), 1) << "although the range waits for its next item";
    EXPECT_TRUE(queue.try_put(7));
    EXPECT_EQ(queue.get(), 7);
    source.put(2);
    EXPECT_EQ(queue.get(), 2);
    source.shutdown();
}

/// An input iterator whose items are what the queue's size is at the time.
struct SizeIterator {
    using value_type = std::size_t;
    using difference_type = std::ptrdiff_t;

    std::size_t operator*() const { return queue->qsize(); }
    SizeIterator& operator++() { return (++position, *this); }
    void operator++(int) { ++position; }
    bool operator==(const SizeIterator& other) const noexcept { return position == other.position; }

    const LifoQueue<std::size_t>* queue = nullptr;
    int position = 0;
};

struct Sizes {
    SizeIterator begin() const { return {&queue, 0}; }
    SizeIterator end() const { return {&queue, 3}; }

    const LifoQueue<std::size_t>& queue;
};

TEST(QueueRanges, MayUseTheQueue) {
    LifoQueue<std::size_t> queue;
    EXPECT_EQ(queue.put_all(Sizes{queue}), 3U);
    EXPECT_EQ(queue.get(), 2U);
    EXPECT_EQ(queue.get(), 1U);
}

TEST(QueueRanges, LeaveBehindWhatWasNotPut) {
    Queue<std::unique_ptr<int>> queue(2);
    std::list<std::unique_ptr<int>> list;
    std::vector<std::unique_ptr<int>> vector;
    for (int i = 0; i < 3; ++i) {
        list.push_back(std::make_unique<int>(i));
        vector.push_back(std::make_unique<int>(i));
    }
    EXPECT_EQ(queue.put_all(std::move(list), 0s), 2U);
    EXPECT_NE(list.back(), nullptr);  // NOLINT(bugprone-use-after-move): as documented
    for (int i = 0; i < 2; ++i) EXPECT_EQ(*queue.get(), i);
    EXPECT_EQ(queue.put_all(std::move(vector), 0s), 2U);
    EXPECT_NE(vector.back(), nullptr);  // NOLINT(bugprone-use-after-move): as documented
    for (int i = 0; i < 2; ++i) EXPECT_EQ(*queue.get(), i);
    queue.shutdown();
    EXPECT_THROW(queue.put_all(std::move(vector)), ShutDown);  // NOLINT(bugprone-use-after-move)
    EXPECT_NE(vector.back(), nullptr);
}

/// Calls a function with each item that is written.
template <class Write>
struct Output {
    using difference_type = std::ptrdiff_t;
    Write* write;
    Output& operator*() { return *this; }
    Output& operator++() { return *this; }
    Output operator++(int) { return *this; }
    Output& operator=(int&& item) {
        (*write)(item);
        return *this;
    }
};

TEST(QueueRanges, AreWrittenWithoutALock) {
    Queue<int> queue(3);
    queue.put_all(std::vector{1, 2, 3});
    std::vector<int> got;
    auto write = [&](int item) {
        EXPECT_EQ(queue.qsize(), 3U);
        got.push_back(item);
        EXPECT_FALSE(queue.try_put(9));
        testing::elsewhere([&] { EXPECT_THROW(queue.get(1ms), Empty); });
        EXPECT_THROW(queue.get(), RuntimeError);
    };
    EXPECT_EQ(queue.get_some(Output<decltype(write)>{&write}, 1), 1U);
    EXPECT_EQ(queue.qsize(), 2U);
    EXPECT_EQ(got, std::vector{1});
}

TEST(QueueRanges, AreWrittenOneByOneByAnIteratorOfTheUser) {
    Queue<int> queue;
    queue.put_all(std::vector{1, 2, 3});
    std::vector<std::size_t> sizes;
    auto write = [&](int item) {
        sizes.push_back(queue.qsize());
        if (item == 1) queue.put(4);
        if (item == 3) throw std::runtime_error("full");
    };
    EXPECT_THROW(queue.get_some(Output<decltype(write)>{&write}, 9), std::runtime_error);
    EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 3, 2}));
    EXPECT_EQ(queue.get(), 3);
    EXPECT_EQ(queue.get(), 4);
}

/// Its moves are the user's, for all that the queue knows.
struct OfUser {
    explicit OfUser(int number) : value(number) {}
    OfUser(OfUser&& other) noexcept : value(std::exchange(other.value, -1)) {}
    OfUser& operator=(OfUser&& other) noexcept {
        value = std::exchange(other.value, -1);
        return *this;
    }
    OfUser(const OfUser&) = delete;
    OfUser& operator=(const OfUser&) = delete;
    ~OfUser() = default;
    bool operator<(const OfUser& other) const { return value < other.value; }

    int value;
};

template <class AnyQueue>
void pass_by_many(AnyQueue& queue) {
    constexpr std::size_t pairs = 3;
    constexpr int each = 200;
    std::atomic<long> sum{0};
    testing::run_together(2 * pairs, [&](std::size_t me) {
        for (int i = 1; i <= each; ++i) {
            if (me < pairs) {
                queue.put(OfUser(i));
            } else {
                sum += queue.get().value;
            }
        }
    });
    EXPECT_EQ(sum, static_cast<long>(pairs) * each * (each + 1) / 2);
    EXPECT_TRUE(queue.empty());
}

TEST(QueueClaimStress, Unbounded) {
    Queue<OfUser> queue;
    pass_by_many(queue);
}

TEST(QueueClaimStress, AFewPlaces) {
    Queue<OfUser> queue(3);
    pass_by_many(queue);
}

TEST(QueueClaimStress, LastInFirstOut) {
    LifoQueue<OfUser> queue(3);
    pass_by_many(queue);
}

TEST(QueueClaimStress, ByPriority) {
    PriorityQueue<OfUser> queue(3);
    pass_by_many(queue);
}

TEST(QueueClaimStress, ShutdownMeetsPutsAndGets) {
    for (int round = 0; round < 50; ++round) {
        Queue<OfUser> queue(2);
        std::atomic<int> put{0};
        std::atomic<int> got{0};
        testing::run_together(5, [&](std::size_t me) {
            try {
                if (me == 0) {
                    if (round % 2 == 0) std::this_thread::yield();
                    queue.shutdown();
                } else if (me % 2 == 0) {
                    for (;; ++put) queue.put(OfUser(1));
                } else {
                    for (;; ++got) queue.get();
                }
            } catch (const ShutDown&) {}
        });
        EXPECT_EQ(put, got);
        EXPECT_TRUE(queue.empty());
    }
}

}  // namespace
}  // namespace threadwise
