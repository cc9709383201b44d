// Many threads, few places: nothing is lost, nothing comes twice, each producer's items come in order, and the bound
// holds.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "support/threads.hpp"
#include "threadwise/queue.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;

struct Item {
    std::uint32_t producer;
    std::uint32_t number;
    bool operator<(const Item& other) const { return number < other.number; }
};

/// Puts a producer's items in all the ways there are.
template <class AnyQueue>
void produce(AnyQueue& queue, std::uint32_t me, std::uint32_t count) {
    std::minstd_rand random(me + 1);
    for (std::uint32_t number = 0; number < count;) {
        switch (random() % 4) {
            case 0: number += queue.try_put(Item{me, number}) ? 1 : 0; break;
            case 1: number += queue.put(std::stop_token{}, Item{me, number}, 10us) ? 1 : 0; break;
            case 2: {
                std::vector<Item> items;
                for (std::uint32_t i = number; i < count && items.size() < 5; ++i) items.push_back({me, i});
                number += static_cast<std::uint32_t>(queue.put_all(items, 10us));
                break;
            }
            default: queue.put(Item{me, number++});
        }
    }
}

/// Gets items in all the ways there are, until the queue is shut down.
template <class AnyQueue, class Use>
void consume(AnyQueue& queue, unsigned seed, Use use) {
    std::minstd_rand random(seed);
    try {
        for (;;) {
            switch (random() % 4) {
                case 0:
                    if (const auto item = queue.try_get()) use(*item);
                    break;
                case 1:
                    if (const auto item = queue.get(std::stop_token{}, 10us)) use(*item);
                    break;
                case 2: {
                    std::array<Item, 5> items{};
                    const std::size_t count = queue.get_some(items.begin(), items.size(), 10us);
                    for (std::size_t i = 0; i < count; ++i) use(items[i]);
                    break;
                }
                default: use(queue.get());
            }
        }
    } catch (const ShutDown&) {}
}

template <class AnyQueue>
void stress(std::ptrdiff_t maxsize, bool in_order) {
    constexpr std::uint32_t producers = 4;
    constexpr std::uint32_t consumers = 4;
    constexpr std::uint32_t each = 5'000;
    AnyQueue queue(maxsize);
    std::atomic<std::uint32_t> producing{producers};
    std::array<std::vector<std::atomic<int>>, producers> seen;
    for (auto& of_producer : seen) of_producer = std::vector<std::atomic<int>>(each);

    testing::run_together(producers + consumers, [&](std::size_t me) {
        if (me < producers) {
            produce(queue, static_cast<std::uint32_t>(me), each);
            if (--producing == 0) {
                queue.join();
                queue.shutdown();
            }
            return;
        }
        std::array<std::int64_t, producers> last;
        last.fill(-1);
        consume(queue, static_cast<unsigned>(me), [&](const Item& item) {
            ++seen[item.producer][item.number];
            const std::int64_t before = std::exchange(last[item.producer], item.number);
            EXPECT_TRUE(!in_order || item.number > before);
            EXPECT_TRUE(maxsize == 0 || queue.qsize() <= static_cast<std::size_t>(maxsize));
            queue.task_done();
        });
    });
    for (const auto& of_producer : seen) {
        for (const auto& times : of_producer) ASSERT_EQ(times, 1);
    }
}

TEST(QueueStress, OneItem) { stress<Queue<Item>>(1, true); }
TEST(QueueStress, AFewItems) { stress<Queue<Item>>(7, true); }
TEST(QueueStress, ManyItems) { stress<Queue<Item>>(1'000, true); }
TEST(QueueStress, Unbounded) { stress<Queue<Item>>(0, true); }
TEST(LifoQueueStress, AFewItems) { stress<LifoQueue<Item>>(7, false); }
TEST(LifoQueueStress, Unbounded) { stress<LifoQueue<Item>>(0, false); }
TEST(PriorityQueueStress, AFewItems) { stress<PriorityQueue<Item>>(7, false); }
TEST(PriorityQueueStress, Unbounded) { stress<PriorityQueue<Item>>(0, false); }

// Blocking calls alone, so that nobody is rescued by a timeout: a lost wake-up would hang here.
template <class AnyQueue>
void hand_over(std::ptrdiff_t maxsize, std::size_t threads) {
    constexpr int each = 20'000;
    AnyQueue queue(maxsize);
    std::atomic<std::int64_t> sum{0};
    testing::run_together(2 * threads, [&](std::size_t me) {
        for (int i = 0; i < each; ++i) {
            if (me < threads) {
                queue.put(i);
            } else {
                sum += queue.get();
            }
        }
    });
    EXPECT_EQ(sum, static_cast<std::int64_t>(threads) * each * (each - 1) / 2);
    EXPECT_TRUE(queue.empty());
}

TEST(QueueStress, HandsOverOneByOne) {
    for (const std::size_t threads : {1U, 2U, 5U}) hand_over<Queue<int>>(1, threads);
}
TEST(QueueStress, HandsOverThroughAFewPlaces) {
    for (const std::size_t threads : {1U, 2U, 5U}) hand_over<Queue<int>>(3, threads);
}
TEST(QueueStress, HandsOverWithoutBound) {
    for (const std::size_t threads : {1U, 2U, 5U}) hand_over<Queue<int>>(0, threads);
}
TEST(PriorityQueueStress, HandsOverOneByOne) {
    for (const std::size_t threads : {1U, 2U, 5U}) hand_over<PriorityQueue<int>>(1, threads);
}

TEST(QueueStress, ShutdownMeetsPutsAndGets) {
    for (int round = 0; round < 300; ++round) {
        Queue<int> queue(2);
        std::atomic<int> put{0};
        std::atomic<int> got{0};
        testing::run_together(5, [&](std::size_t me) {
            if (me == 4) {
                while (got.load() < round % 7) std::this_thread::yield();
                queue.shutdown();
                return;
            }
            try {
                for (;;) {
                    if (me < 2) {
                        queue.put(1);
                        ++put;
                    } else {
                        queue.get();
                        ++got;
                    }
                }
            } catch (const ShutDown&) {}
        });
        ASSERT_EQ(put, got);
    }
}

}  // namespace
}  // namespace threadwise
