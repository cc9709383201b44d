// An item whose moves and copies throw: nothing is lost, and the queue works on.

#include <gtest/gtest.h>

#include <iterator>
#include <stdexcept>
#include <vector>

#include "threadwise/queue.hpp"

namespace threadwise {
namespace {

/// Throws when moved or copied for the `fuse`th time from now; never while that is negative. What cannot be moved
/// stays.
class Fragile {
public:
    explicit Fragile(int number) : number_(number) {}
    Fragile(Fragile&& other) : number_(other.number_) {
        burn();
        other.number_ = -1;
    }
    Fragile(const Fragile& other) : number_(other.number_) { burn(); }
    Fragile& operator=(Fragile&& other) {
        burn();
        number_ = std::exchange(other.number_, -1);
        return *this;
    }
    Fragile& operator=(const Fragile&) = default;
    ~Fragile() = default;

    int number() const { return number_; }
    bool operator<(const Fragile& other) const { return number_ < other.number_; }

    static inline int fuse = -1;

private:
    static void burn() {
        if (fuse >= 0 && fuse-- == 0) throw std::runtime_error("cannot be moved");
    }

    int number_;
};

template <class AnyQueue>
class QueueExceptionsTest : public ::testing::Test {
protected:
    ~QueueExceptionsTest() override { Fragile::fuse = -1; }
};

using Queues =
    ::testing::Types<Queue<Fragile>, LifoQueue<Fragile>, PriorityQueue<Fragile>, StablePriorityQueue<Fragile>>;
TYPED_TEST_SUITE(QueueExceptionsTest, Queues);

TYPED_TEST(QueueExceptionsTest, AnItemThatCannotBeMovedInStaysWithItsOwner) {
    TypeParam queue;
    Fragile item(1);
    Fragile::fuse = 0;
    EXPECT_THROW(queue.put(std::move(item)), std::runtime_error);
    EXPECT_EQ(item.number(), 1);
    EXPECT_TRUE(queue.empty());
    queue.put(std::move(item));
    EXPECT_EQ(queue.get().number(), 1);
    queue.task_done();
    queue.join();
}

TYPED_TEST(QueueExceptionsTest, AnItemThatCannotBeMovedOutStaysInTheQueue) {
    TypeParam queue(1);
    queue.put(Fragile(1));
    Fragile::fuse = 0;
    EXPECT_THROW(queue.get(), std::runtime_error);
    Fragile::fuse = 0;
    EXPECT_THROW((void)queue.try_get(), std::runtime_error);
    EXPECT_TRUE(queue.full());
    EXPECT_EQ(queue.get().number(), 1);
}

TYPED_TEST(QueueExceptionsTest, PutAllKeepsWhatCameBefore) {
    TypeParam queue;
    std::vector<Fragile> items;
    items.reserve(4);
    for (int i = 0; i < 4; ++i) items.emplace_back(i);
    Fragile::fuse = 5;
    EXPECT_THROW(queue.put_all(items), std::runtime_error);
    Fragile::fuse = -1;
    EXPECT_GT(queue.qsize(), 0U);
    EXPECT_LT(queue.qsize(), 4U);
    for (const Fragile& item : items) EXPECT_GE(item.number(), 0);
}

TYPED_TEST(QueueExceptionsTest, GetSomeLeavesWhatItCouldNotHandOver) {
    TypeParam queue;
    for (int i = 0; i < 4; ++i) queue.put(Fragile(i));
    std::vector<Fragile> got;
    got.reserve(4);
    Fragile::fuse = 2;
    EXPECT_THROW(queue.get_some(std::back_inserter(got), 4), std::runtime_error);
    Fragile::fuse = -1;
    EXPECT_EQ(got.size(), 2U);
    EXPECT_EQ(queue.get_some(std::back_inserter(got), 4), 2U);
    for (const Fragile& item : got) EXPECT_GE(item.number(), 0);
}

}  // namespace
}  // namespace threadwise
