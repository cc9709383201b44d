#include "threadwise/priority_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace threadwise {
namespace {

TEST(PriorityQueue, GivesTheLeastFirst) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        std::vector<int> items(static_cast<std::size_t>(round));
        for (int& item : items) item = static_cast<int>(random() % 50);
        PriorityQueue<int> queue;
        queue.put_all(items);
        std::sort(items.begin(), items.end());
        for (const int item : items) ASSERT_EQ(queue.get(), item);
    }
}

TEST(PriorityQueue, KeepsItsOrderWhilePutsAndGetsAlternate) {
    std::mt19937 random(2);
    PriorityQueue<int> queue;
    std::multiset<int> model;
    for (int step = 0; step < 20'000; ++step) {
        if (model.empty() || random() % 5 < 3) {
            const int item = static_cast<int>(random() % 1000);
            queue.put(item);
            model.insert(item);
        } else {
            ASSERT_EQ(queue.get(), *model.begin());
            model.erase(model.begin());
        }
    }
}

TEST(PriorityQueue, TakesAnyComparison) {
    PriorityQueue<std::string, std::greater<>> greatest_first;
    greatest_first.put_all(std::vector<std::string>{"b", "c", "a"});
    EXPECT_EQ(greatest_first.get(), "c");

    const auto shorter = [](const std::string& left, const std::string& right) { return left.size() < right.size(); };
    PriorityQueue<std::string, decltype(shorter)> shortest_first(0, shorter);
    shortest_first.put_all(std::vector<std::string>{"xxx", "x", "xx"});
    EXPECT_EQ(shortest_first.get(), "x");
}

TEST(PriorityQueue, StableKeepsEqualsInOrderOfArrival) {
    using Entry = std::pair<int, int>;
    const auto by_priority = [](const Entry& left, const Entry& right) { return left.first < right.first; };
    std::mt19937 random(3);
    StablePriorityQueue<Entry, decltype(by_priority)> queue(0, by_priority);
    std::vector<Entry> entries;
    for (int i = 0; i < 1'000; ++i) entries.emplace_back(static_cast<int>(random() % 10), i);
    queue.put_all(entries);
    std::stable_sort(entries.begin(), entries.end(), by_priority);
    for (const Entry& entry : entries) ASSERT_EQ(queue.get(), entry);
}

// Compares until the fuse is used up, then throws.
struct Fused {
    int* fuse;
    bool operator()(int left, int right) const {
        if ((*fuse)-- == 0) throw std::runtime_error("cannot compare");
        return left < right;
    }
};

TEST(PriorityQueue, SurvivesAComparisonThatThrows) {
    for (int comparisons = 0; comparisons < 6; ++comparisons) {
        int fuse = 1'000'000;
        PriorityQueue<int, Fused> queue(0, Fused{&fuse});
        for (int i = 64; i-- > 0;) queue.put(i);
        fuse = comparisons;
        EXPECT_THROW(queue.put(-1), std::runtime_error);
        fuse = comparisons;
        EXPECT_THROW(queue.get(), std::runtime_error);
        fuse = 1'000'000;
        for (int i = 0; i < 64; ++i) ASSERT_EQ(queue.get(), i);
        EXPECT_TRUE(queue.empty());
    }
}

}  // namespace
}  // namespace threadwise
