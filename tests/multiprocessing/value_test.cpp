#include "threadwise/multiprocessing/value.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <utility>

#include "support/backend.hpp"
#include "support/child.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/multiprocessing/errors.hpp"
#include "threadwise/multiprocessing/shared.hpp"

namespace threadwise::multiprocessing {
namespace {

using namespace std::chrono_literals;
using testing::Child;

class SharedValueTest : public ::testing::Test {
protected:
    void SetUp() override { THREADWISE_NEEDS("shared memory"); }
};

struct Point {
    int x;
    int y;
};

TEST_F(SharedValueTest, SharedIsOneObjectInAllProcesses) {
    Shared<Point> point(1, 2);
    Child([&] {
        point->x = 10;
        return 0;
    }).join();
    EXPECT_EQ(point->x, 10);
    const Shared<Point> same = Shared<Point>::attach(point.fileno());
    EXPECT_NE(&*same, &*point);
    EXPECT_EQ((*same).y, 2);
    EXPECT_THROW(Shared<std::uint64_t[2]>::attach(point.fileno()), ValueError);
    EXPECT_THROW(Shared<Point>::attach(-1), OSError);
    const Shared<Point> moved(std::move(point));
    EXPECT_EQ(moved->x, 10);
    EXPECT_THROW(*point, ValueError);  // NOLINT(bugprone-use-after-move): what it says then
}

TEST_F(SharedValueTest, ValueIsChangedUnderItsLock) {
    const Value<std::int64_t> counter(5);
    const auto count = [&] {
        for (int i = 0; i < 1000; ++i) {
            const std::scoped_lock hold(counter);
            ++counter.get_obj();
        }
        return 0;
    };
    Child child(count);
    count();
    EXPECT_EQ(child.join(), 0);
    EXPECT_EQ(counter.get(), 2005);
    const Value<std::int64_t> same = Value<std::int64_t>::attach(counter.fileno());
    same.set(7);
    EXPECT_EQ(counter.get(), 7);
    EXPECT_EQ(Value<double>().get(), 0.0);
    counter.get_lock().acquire();
    EXPECT_EQ(counter.get(), 7) << "its holder may";
    EXPECT_EQ(Child([&] { return counter.try_lock() ? 1 : 0; }).join(), 0);
    counter.unlock();
}

TEST_F(SharedValueTest, ValueTellsThatAProcessDiedWithItsLock) {
    const Value<int> value(1);
    Child([&] {
        value.lock();
        value.get_obj() = 2;
        kill(getpid(), SIGKILL);
        return 0;
    }).join();
    EXPECT_THROW(value.get(), OwnerDiedError);
    EXPECT_THROW(value.set(3), OwnerDiedError);
    EXPECT_TRUE(value.get_lock().recover());
    value.unlock();
    EXPECT_EQ(value.get(), 2);
}

TEST_F(SharedValueTest, ArrayHoldsManyAndAllZero) {
    const Array<double> row(1000);
    EXPECT_EQ(row.size(), 1000U);
    EXPECT_EQ(row.get(999), 0.0);
    Child([&] {
        row.set(999, 0.5);
        return 0;
    }).join();
    EXPECT_EQ(row.get(999), 0.5);
    EXPECT_EQ(row.get_obj()[999], 0.5);
    EXPECT_EQ(row.get_obj().size(), 1000U);
    EXPECT_THROW(row.get(1000), ValueError);
    EXPECT_THROW(row.set(SIZE_MAX, 1), ValueError);
    const Array<double> same = Array<double>::attach(row.fileno());
    EXPECT_EQ(same.size(), 1000U);
    EXPECT_EQ(same.get(999), 0.5);
}

TEST_F(SharedValueTest, ArrayBeginsWithValues) {
    constexpr std::array numbers{1, 2, 3};
    const Array<int> row(numbers);
    EXPECT_EQ(row.size(), 3U);
    EXPECT_EQ(row.get(2), 3);
    struct alignas(64) Wide {
        int number;
    };
    const Array<Wide> wide(2);
    EXPECT_EQ(wide.size(), 2U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(wide.get_obj().data()) % 64, 0U);
}

TEST_F(SharedValueTest, ArrayRefusesNonsense) {
    EXPECT_THROW(Array<int>(0), ValueError);
    EXPECT_THROW(Array<int>(SIZE_MAX), ValueError);
    EXPECT_THROW(Array<int>(SIZE_MAX / 8), OSError);
    EXPECT_THROW(Array<int>::attach(SharedMemory(1).fileno()), ValueError) << "no room for the lock";
    EXPECT_THROW(Array<int>::attach(SharedMemory(sizeof(RLock)).fileno()), ValueError) << "no room for a value";
    EXPECT_THROW(Array<double>::attach(SharedMemory(sizeof(RLock) + 12).fileno()), ValueError) << "a value and a half";
}

}  // namespace
}  // namespace threadwise::multiprocessing
