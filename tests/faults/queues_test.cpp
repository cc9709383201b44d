// Queues while something fails.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "faults/support/faults.hpp"
#include "threadwise/lifo_queue.hpp"
#include "threadwise/priority_queue.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/simple_queue.hpp"

namespace threadwise {
namespace {

using testing::faults::Counted;
using testing::faults::survives_all_faults;
using testing::faults::Trial;

/// An item with an order, whose copies allocate.
struct Item {
    Item() = default;
    explicit Item(int a_number) : number(a_number) {}
    int number = 0;
    Counted counted;
    std::vector<int> payload = std::vector<int>(10);
    bool operator<(const Item& other) const { return number < other.number; }
};

template <class Q>
void put_and_get(Trial& trial) {
    trial.attempt([&] {
        Q queue;
        std::size_t put = 0;
        for (int i = 0; i < 300; ++i) {
            trial.attempt([&] {
                queue.put(Item(i));
                ++put;
            });
        }
        std::size_t got = 0;
        for (std::size_t tries = 0; !queue.empty() && tries < 2 * put; ++tries) {
            trial.attempt([&] {
                queue.get_nowait();
                ++got;
            });
        }
        trial.expect(got == put, "what was put is got");
    });
}
TEST(QueueFaults, Queue) { survives_all_faults(put_and_get<Queue<Item>>); }
TEST(QueueFaults, LifoQueue) { survives_all_faults(put_and_get<LifoQueue<Item>>); }
TEST(QueueFaults, PriorityQueue) { survives_all_faults(put_and_get<PriorityQueue<Item>>); }
TEST(QueueFaults, SimpleQueue) { survives_all_faults(put_and_get<SimpleQueue<Item>>); }

template <class Q>
void pass_on(Trial& trial) {
    trial.attempt([&] {
        Q queue(4);
        std::atomic<long> put{0};
        std::atomic<long> got{0};
        {
            std::jthread consumer;
            if (!trial.attempt([&] {
                    consumer = std::jthread([&] {
                        bool ends = false;
                        while (!ends) {
                            trial.attempt([&] {
                                try {
                                    const Item item = queue.get();
                                    ++got;
                                } catch (const ShutDown&) {
                                    ends = true;
                                }
                            });
                        }
                    });
                })) {
                return;
            }
            for (int i = 0; i < 200; ++i) {
                trial.attempt([&] {
                    queue.put(Item(i));
                    ++put;
                });
            }
            while (!trial.attempt([&] { queue.shutdown(); })) {}
        }
        trial.expect(got == put, "what was put is got");
    });
}
TEST(QueueFaults, QueueBetweenThreads) { survives_all_faults(pass_on<Queue<Item>>); }
TEST(QueueFaults, PriorityQueueBetweenThreads) { survives_all_faults(pass_on<PriorityQueue<Item>>); }

void several(Trial& trial) {
    trial.attempt([&] {
        Queue<std::unique_ptr<Counted>> queue;
        std::size_t put = 0;
        trial.attempt([&] {
            std::vector<std::unique_ptr<Counted>> items;
            for (int i = 0; i < 50; ++i) items.push_back(std::make_unique<Counted>());
            queue.put_all(std::move(items));
            put = 50;
        });
        std::size_t got = 0;
        for (std::size_t tries = 0; !queue.empty() && tries < 100; ++tries) {
            trial.attempt([&] {
                std::array<std::unique_ptr<Counted>, 7> some;
                got += queue.get_some(some.begin(), some.size());
            });
        }
        trial.expect(got >= put, "what was put is got");
        trial.attempt([&] {
            for (std::size_t i = 0; i < got; ++i) queue.task_done();
            queue.join();
        });
    });
}
TEST(QueueFaults, SeveralAtOnce) { survives_all_faults(several); }

}  // namespace
}  // namespace threadwise
