#include "threadwise/multiprocessing/queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "platform/clock.hpp"
#include "support/backend.hpp"
#include "support/child.hpp"
#include "support/process_main.hpp"
#include "support/sleepers.hpp"
#include "support/stepped_child.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/multiprocessing/joinable_queue.hpp"
#include "threadwise/multiprocessing/process.hpp"
#include "threadwise/multiprocessing/shared.hpp"
#include "threadwise/multiprocessing/simple_queue.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::multiprocessing {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using ::testing::ElementsAre;
using testing::wait_for_waiters;
using testing::wait_until;

using Table = std::map<std::string, std::vector<int>>;

/// What a test waits for at most: what never comes fails it.
constexpr auto long_enough = 1min;

class SharedQueueTest : public ::testing::Test {
protected:
    void SetUp() override { THREADWISE_NEEDS("shared memory"); }
};

template <class T>
std::vector<T> drain(Queue<T>& queue) {
    std::vector<T> items;
    while (auto item = queue.try_get()) items.push_back(*std::move(item));
    return items;
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator list("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(list), end(list)));
}

TEST_F(SharedQueueTest, IsFirstInFirstOut) {
    Queue<int> queue(3);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.maxsize(), 3U);
    queue.put(1);
    queue.put_nowait(2);
    EXPECT_TRUE(queue.try_put(3));
    EXPECT_TRUE(queue.full());
    EXPECT_FALSE(queue.try_put(4));
    EXPECT_THROW(queue.put_nowait(4), Full);
    EXPECT_THROW(queue.put(4, 1ms), Full);
    EXPECT_EQ(queue.qsize(), 3U);
    EXPECT_EQ(queue.get(), 1);
    EXPECT_EQ(queue.get_nowait(), 2);
    EXPECT_EQ(queue.try_get(), 3);
    EXPECT_EQ(queue.try_get(), std::nullopt);
    EXPECT_THROW(queue.get_nowait(), Empty);
    EXPECT_THROW(queue.get(1ms), Empty);
}

TEST_F(SharedQueueTest, RefusesNonsense) {
    EXPECT_THROW(Queue<int>{SIZE_MAX}, ValueError);
    EXPECT_THROW(Queue<std::string>({.bytes = SIZE_MAX}), ValueError);
    Queue<int> queue;
    EXPECT_THROW(queue.put(1, -1s), ValueError);
    EXPECT_THROW(queue.get(-1s), ValueError);
    EXPECT_THROW(Queue<double>::attach(queue.fileno()), ValueError);
    EXPECT_THROW(Queue<std::string>::attach(queue.fileno()), ValueError);
    EXPECT_THROW(Queue<int>::attach(SharedMemory(100'000).fileno()), ValueError);
    EXPECT_THROW(Queue<int>::attach(SharedMemory(1).fileno()), ValueError);
    Queue<std::string> small({.bytes = 100});
    EXPECT_THROW(small.put(std::string(101, 'x')), ValueError);
    Queue<Shared<int>> of_memory;
    EXPECT_THROW(of_memory.put(Shared<int>(1)), ValueError);
}

TEST_F(SharedQueueTest, AllThrowAfterClose) {
    Queue<int> queue;
    Queue<int> same = Queue<int>::attach(queue.fileno());
    queue.put(1);
    queue.close();
    EXPECT_EQ(queue.fileno(), -1);
    EXPECT_THROW(queue.put(2), ValueError);
    EXPECT_THROW(queue.get(), ValueError);
    EXPECT_THROW(queue.qsize(), ValueError);
    EXPECT_EQ(same.get(), 1);
    Queue<int> moved = std::move(same);
    EXPECT_THROW(same.get_nowait(), ValueError);  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
    EXPECT_TRUE(moved.empty());
}

TEST_F(SharedQueueTest, LeavesNothingBehind) {
    { const Queue<int> first; }
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 100; ++i) {
        Queue<std::string> queue;
        queue.put("text");
        Child child([&] { return queue.get() == "text" ? 0 : 1; });
        EXPECT_EQ(child.join(), 0);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SharedQueueTest, PassesWhatCerealKnows) {
    Queue<Table> queue;
    queue.put({{"one", {1, 2}}});
    queue.put({});
    EXPECT_THAT(queue.get().at("one"), ElementsAre(1, 2));
    EXPECT_TRUE(queue.get().empty());
}

TEST_F(SharedQueueTest, ItemsOfAllSizesFitOneAfterAnother) {
    Queue<std::string> queue({.maxsize = 5, .bytes = 1000});
    std::size_t put = 0;
    std::size_t got = 0;
    const auto text = [](std::size_t i) { return std::string(i * 37 % 990, static_cast<char>('a' + i % 26)); };
    for (; got < 2000; ++got) {
        while (queue.try_put(text(put))) ++put;
        ASSERT_GT(put, got);
        ASSERT_LE(put - got, 5U);
        ASSERT_EQ(queue.get(), text(got));
    }
}

TEST_F(SharedQueueTest, ThousandsGoToAnotherProcessAndBack) {
    constexpr int count = 20'000;
    Queue<int> there(100);
    Queue<std::string> back({.maxsize = 10});
    Process process(
        [](Queue<int> in, Queue<std::string> out) {
            for (int i = 0; i < count; ++i) out.put(std::to_string(in.get()));
        },
        there, back);
    process.start();
    Thread putter([&] {
        for (int i = 0; i < count; ++i) there.put(i);
    });
    putter.start();
    for (int i = 0; i < count; ++i) ASSERT_EQ(back.get(long_enough), std::to_string(i));
    putter.join();
    process.join();
    EXPECT_EQ(process.exitcode(), 0);
}

TEST_F(SharedQueueTest, EachItemOfManyProcessesIsGotOnce) {
    constexpr std::uint64_t count = 10'000;
    struct Board {
        std::atomic<std::uint64_t> sum{0};
        std::atomic<std::uint64_t> got{0};
    };
    const Shared<Board> board;
    Queue<std::uint64_t> queue(16);
    const auto put = [&] {
        for (std::uint64_t i = 1; i <= count; ++i) queue.put(i);
        return 0;
    };
    const auto get = [&] {
        while (const std::uint64_t item = queue.get()) {
            board->sum += item;
            ++board->got;
        }
        return 0;
    };
    Child putter(put);
    Child getter(get);
    Child other_getter(get);
    put();
    EXPECT_EQ(putter.join(), 0);
    queue.put(0);
    queue.put(0);
    EXPECT_EQ(getter.join(), 0);
    EXPECT_EQ(other_getter.join(), 0);
    EXPECT_EQ(board->got.load(), 2 * count);
    EXPECT_EQ(board->sum.load(), count * (count + 1));
}

template <class Call>
bool is_interrupted(Call call) {
    try {
        call();
    } catch (const InterruptedError&) {
        return true;
    }
    return false;
}

TEST_F(SharedQueueTest, WaitIsSeenAndInterrupted) {
    Queue<int> queue;
    bool interrupted = false;
    Thread getter([&] { interrupted = is_interrupted([&] { queue.get(); }); });
    getter.start();
    ASSERT_TRUE(wait_for_waiters(&queue, 1));
    std::ostringstream text;
    dump(text);
    EXPECT_THAT(text.str(), ::testing::HasSubstr("multiprocessing.Queue.get"));
    interrupt(getter);
    getter.join();
    EXPECT_TRUE(interrupted);
}

TEST_F(SharedQueueTest, StopEndsPutAndGet) {
    Queue<int> queue(1);
    Queue<int> full(1);
    full.put(1);
    std::stop_source stop;
    bool was_put = true;
    std::optional<int> got(1);
    Thread getter([&] { got = queue.get(stop.get_token()); });
    Thread putter([&] { was_put = full.put(stop.get_token(), 2); });
    getter.start();
    putter.start();
    ASSERT_TRUE(wait_for_waiters(&queue, 1));
    ASSERT_TRUE(wait_for_waiters(&full, 1));
    stop.request_stop();
    getter.join();
    putter.join();
    EXPECT_EQ(got, std::nullopt);
    EXPECT_FALSE(was_put);
    EXPECT_EQ(full.qsize(), 1U);
}

TEST_F(SharedQueueTest, TimesOutNoSoonerThanAskedFor) {
    Queue<int> queue;
    const auto before = platform::now();
    EXPECT_THROW(queue.get(5ms), Empty);
    EXPECT_GE(platform::now() - before, 5ms);
}

TEST_F(SharedQueueTest, AStoppedProcessKeepsNobodyForEver) {
    Queue<std::string> queue;
    queue.put(std::string(8'000'000, 'x'));
    const Shared<std::atomic<bool>> begun(false);
    Child stopped([&] {
        begun->store(true);
        for (;;) queue.put(queue.get());
        return 0;
    });
    ASSERT_TRUE(wait_until([&] { return begun->load(); }));
    stopped.kill(SIGSTOP);
    // With or without a lock held there.
    EXPECT_LE(queue.try_get().value_or("").size(), 8'000'000U);
    EXPECT_LE(queue.get(std::stop_token(), 1ms).value_or("").size(), 8'000'000U);
}

/// How many moments a child is killed at. A sanitizer makes many instructions of one.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t moments = 6;
#else
constexpr std::size_t moments = 40;
#endif

class KilledTest : public SharedQueueTest {
protected:
    void SetUp() override {
        SharedQueueTest::SetUp();
#if defined(__SANITIZE_THREAD__)
        GTEST_SKIP() << "the thread sanitizer sees nothing between processes, and makes a thousand instructions of one";
#endif
        if (!::testing::Test::IsSkipped() && !testing::can_step_children()) GTEST_SKIP() << "ptrace is refused here";
    }
};

/// Kills a child at moments from the first to the last instruction of `act`, on a queue that `fill` has filled, and
/// counts how often the first item then is `item`: if it is not, it is `next`.
template <class T, class Fill, class Act>
void kill_at_many_moments(const T& item, const T& next, Fill fill, Act act, int& found, int& missing) {
    Queue<T> queue({.maxsize = 4, .bytes = 4096});
    const auto run = [&](std::size_t steps) {
        // What a process does once only is not what is asked for.
        const auto prepare = [&] {
            Queue<T> other;
            other.put(item);
            other.get();
        };
        drain(queue);
        fill(queue);
        return testing::run_steps(steps, prepare, [&] { act(queue); });
    };
    const std::size_t all = run(SIZE_MAX);
    for (std::size_t i = 0; i <= moments; ++i) {
        run(i < moments ? all * i / moments : SIZE_MAX);
        queue.put(next, long_enough);
        const T first = queue.get(long_enough);
        ++(first == item ? found : missing);
        ASSERT_EQ(first, first == item ? item : next);
        if (first == item) {
            ASSERT_EQ(queue.get(long_enough), next);
        }
        ASSERT_TRUE(queue.empty());
    }
}

template <class T>
void expect_whole_or_not_at_all(const T& item, const T& next) {
    int put = 0;
    int not_put = 0;
    kill_at_many_moments(
        item, next, [](Queue<T>&) {}, [&](Queue<T>& queue) { queue.put(item); }, put, not_put);
    EXPECT_GT(put, 0);
    EXPECT_GT(not_put, 0);

    int got = 0;
    int not_got = 0;
    kill_at_many_moments(
        item, next, [&](Queue<T>& queue) { queue.put(item); }, [](Queue<T>& queue) { queue.get(); }, not_got, got);
    EXPECT_GT(got, 0);
    EXPECT_GT(not_got, 0);
}

TEST_F(KilledTest, ItemOfBytesIsWholeOrNotThere) { expect_whole_or_not_at_all(7, 8); }

TEST_F(KilledTest, StringIsWholeOrNotThere) { expect_whole_or_not_at_all<std::string>("an item", "the next one"); }

TEST_F(SharedQueueTest, PutterThatIsKilledAmongOthersLosesNothing) {
    for (int round = 0; round < 30; ++round) {
        Queue<std::string> queue({.maxsize = 8, .bytes = 2000});
        const Shared<std::atomic<int>> returned(0);
        Child putter([&] {
            for (int i = 0;; ++i) {
                queue.put(std::string(static_cast<std::size_t>(i % 100), 'x') + std::to_string(i));
                returned->store(i + 1);
            }
            return 0;
        });
        int expected = 0;
        const auto take = [&](const std::string& item) {
            ASSERT_EQ(item, std::string(static_cast<std::size_t>(expected % 100), 'x') + std::to_string(expected));
            ++expected;
        };
        while (expected < 50 + round * 7) take(queue.get(long_enough));
        putter.kill();
        putter.join();
        for (const std::string& item : drain(queue)) take(item);
        EXPECT_GE(expected, returned->load());
        EXPECT_LE(expected, returned->load() + 1);
        queue.put("still there", long_enough);
        EXPECT_EQ(queue.get(long_enough), "still there");
    }
}

TEST_F(SharedQueueTest, SleeperThatIsKilledTakesNoItem) {
    Queue<int> queue(1);
    const Shared<std::atomic<int>> waiting(0);
    const auto get = [&] {
        ++*waiting;
        return queue.get();
    };
    Child killed(get);
    Child left(get);
    ASSERT_TRUE(wait_until([&] { return waiting->load() == 2; }));
    killed.kill();
    killed.join();
    queue.put(5);
    EXPECT_EQ(left.join(), 5);
}

TEST_F(SharedQueueTest, JoinWaitsForTheLastTask) {
    JoinableQueue<int> queue;
    EXPECT_TRUE(queue.join());
    EXPECT_THROW(queue.task_done(), ValueError);
    constexpr int count = 100;
    for (int i = 0; i < count; ++i) queue.put(i);
    EXPECT_FALSE(queue.join(1ms));
    const Shared<std::atomic<int>> done(0);
    Process process(
        [](JoinableQueue<int> in, const Shared<std::atomic<int>>& all) {
            for (int i = 0; i < count; ++i) {
                in.get();
                ++*all;
                in.task_done();
            }
        },
        queue, done);
    process.start();
    EXPECT_TRUE(queue.join(long_enough));
    EXPECT_EQ(done->load(), count);
    EXPECT_THROW(queue.task_done(), ValueError);
    queue.put(1);
    std::stop_source stop;
    Thread stopped([&] { EXPECT_FALSE(queue.join(stop.get_token())); });
    stopped.start();
    ASSERT_TRUE(wait_for_waiters(&queue, 1));
    stop.request_stop();
    stopped.join();
}

TEST_F(SharedQueueTest, SimpleQueueHasWhatPythonsHas) {
    SimpleQueue<std::array<int, 2>> queue;
    Process process([](SimpleQueue<std::array<int, 2>> out) { out.put({1, 2}); }, queue);
    process.start();
    EXPECT_THAT(queue.get(), ElementsAre(1, 2));
    EXPECT_TRUE(queue.empty());
    queue.close();
    EXPECT_THROW(queue.get(), ValueError);
}

}  // namespace
}  // namespace threadwise::multiprocessing
