#include "threadwise/shared_lock.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "runtime/waiting/door.hpp"
#include "support/sleepers.hpp"
#include "support/threads.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::elsewhere;
using testing::wait_for_asleep;

static_assert(sizeof(SharedLock) <= 16);

TEST(SharedLock, LetsManyReadAtOnce) {
    SharedLock lock;
    lock.lock_shared();
    elsewhere([&] {
        EXPECT_TRUE(lock.try_lock_shared());
        EXPECT_FALSE(lock.try_lock());
        lock.unlock_shared();
    });
    lock.unlock_shared();
    elsewhere([&] {
        EXPECT_TRUE(lock.try_lock());
        lock.unlock();
    });
}

TEST(SharedLock, LetsOneWriteAlone) {
    SharedLock lock;
    lock.lock();
    elsewhere([&] {
        EXPECT_FALSE(lock.try_lock());
        EXPECT_FALSE(lock.try_lock_shared());
        EXPECT_FALSE(lock.try_lock_for(1ms));
        EXPECT_FALSE(lock.try_lock_shared_for(1ms));
        EXPECT_FALSE(lock.try_lock_until(std::chrono::steady_clock::now()));
        EXPECT_FALSE(lock.try_lock_shared_until(std::chrono::system_clock::now() - 1h));
    });
    lock.unlock();
    EXPECT_TRUE(lock.try_lock_shared());
    lock.unlock_shared();
}

TEST(SharedLock, WorksWithTheStandardsGuards) {
    SharedLock lock;
    { const std::shared_lock read(lock); }
    { const std::shared_lock read(lock, 1ms); }
    { const std::unique_lock write(lock, 1ms); }
    { const std::scoped_lock write(lock); }
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(SharedLock, MayBeReadAgainByAReaderEvenIfAWriterWaits) {
    SharedLock lock;
    lock.lock_shared();
    std::jthread writer([&] {
        lock.lock();
        lock.unlock();
    });
    ASSERT_TRUE(wait_for_asleep(&lock, 1));
    lock.lock_shared();
    EXPECT_EQ(testing::asleep_for(&lock), 1U);
    lock.unlock_shared();
    EXPECT_EQ(testing::asleep_for(&lock), 1U);
    lock.unlock_shared();
}

TEST(SharedLock, RefusesWhatWouldWaitForItself) {
    SharedLock lock;
    for (int round = 0; round < 2; ++round) {  // counted, and visible
        lock.lock_shared();
        EXPECT_THROW(lock.lock(), RuntimeError);
        EXPECT_THROW(lock.try_lock_for(1ms), RuntimeError);
        EXPECT_FALSE(lock.try_lock());
        lock.unlock_shared();
    }
    lock.lock();
    EXPECT_THROW(lock.lock(), RuntimeError);
    EXPECT_THROW(lock.lock_shared(), RuntimeError);
    EXPECT_FALSE(lock.try_lock());
    EXPECT_FALSE(lock.try_lock_shared());
    lock.unlock();
}

TEST(SharedLock, RefusesAReleaseOfWhatIsNotHeld) {
    SharedLock lock;
    EXPECT_THROW(lock.unlock(), RuntimeError);
    EXPECT_THROW(lock.unlock_shared(), RuntimeError);
    lock.lock_shared();
    EXPECT_THROW(lock.unlock(), RuntimeError);
    lock.unlock_shared();
    EXPECT_THROW(lock.unlock_shared(), RuntimeError);
    lock.lock();
    EXPECT_THROW(lock.unlock_shared(), RuntimeError);
    elsewhere([&] { EXPECT_THROW(lock.unlock(), RuntimeError); });
    lock.unlock();
}

TEST(SharedLock, LetsAWaitingWriterGoBeforeNewReaders) {
    SharedLock lock;
    lock.lock_shared();
    std::jthread writer([&] {
        lock.lock();
        lock.unlock();
    });
    ASSERT_TRUE(wait_for_asleep(&lock, 1));
    elsewhere([&] { EXPECT_FALSE(lock.try_lock_shared_for(1ms)); });
    lock.unlock_shared();
}

TEST(SharedLock, LetsWaitingReadersInBeforeTheNextWriter) {
    SharedLock lock;
    std::string order;
    lock.lock();
    std::jthread writer([&] {
        lock.lock();
        order += 'w';
        lock.unlock();
    });
    ASSERT_TRUE(wait_for_asleep(&lock, 1));
    std::vector<std::jthread> readers;
    std::atomic<int> reading{0};
    for (std::size_t i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            lock.lock_shared();
            ++reading;
            EXPECT_TRUE(testing::wait_until([&] { return reading == 3; })) << "all at once";
            EXPECT_EQ(order, "");
            lock.unlock_shared();
        });
    }
    ASSERT_TRUE(wait_for_asleep(&lock, 4));
    lock.unlock();
    writer.join();
    EXPECT_EQ(order, "w");
}

TEST(SharedLock, AWriterThatGivesUpLetsTheReadersIn) {
    SharedLock lock;
    lock.lock_shared();
    std::jthread writer([&](const std::stop_token& stop) { EXPECT_FALSE(lock.lock(stop)); });
    ASSERT_TRUE(wait_for_asleep(&lock, 1));
    std::jthread reader([&] {
        lock.lock_shared();
        lock.unlock_shared();
    });
    ASSERT_TRUE(wait_for_asleep(&lock, 2));
    writer.request_stop();
    writer.join();
    reader.join();
    elsewhere([&] { EXPECT_FALSE(lock.try_lock_for(1ms)); });
    elsewhere([&] {
        EXPECT_TRUE(lock.try_lock_shared());
        lock.unlock_shared();
    });
    lock.unlock_shared();
}

TEST(SharedLock, EndsAWaitWhenAsked) {
    SharedLock lock;
    lock.lock();
    std::jthread stopped([&](const std::stop_token& stop) { EXPECT_FALSE(lock.lock_shared(stop)); });
    testing::SharedRecord reader;
    testing::SharedRecord writer;
    std::jthread one([&] {
        reader.share();
        EXPECT_THROW(lock.lock_shared(), InterruptedError);
    });
    std::jthread two([&] {
        writer.share();
        EXPECT_THROW(lock.lock(), InterruptedError);
    });
    ASSERT_TRUE(wait_for_asleep(&lock, 3));
    stopped.request_stop();
    runtime::interrupt(reader.get());
    runtime::interrupt(writer.get());
    one.join();
    two.join();
    stopped.join();
    lock.unlock();
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(SharedLock, ReadsSeveralLocksAtOnce) {
    std::vector<SharedLock> locks(40);  // more than there are slots
    for (int round = 0; round < 3; ++round) {
        for (SharedLock& lock : locks) lock.lock_shared();
        elsewhere([&] {
            for (SharedLock& lock : locks) EXPECT_FALSE(lock.try_lock());
        });
        for (SharedLock& lock : locks) lock.unlock_shared();
        for (SharedLock& lock : locks) {
            EXPECT_THROW(lock.unlock_shared(), RuntimeError);
            EXPECT_TRUE(lock.try_lock());
            lock.unlock();
        }
    }
}

/// Reads and writes at random; readers must never see half a write.
void storm(std::uint32_t one_write_in, bool timed) {
    SharedLock lock;
    std::array<long, 8> data{};
    long writes = 0;
    std::atomic<long> succeeded{0};
    testing::run_together(4, [&](std::size_t i) {
        testing::Dice dice(i);
        const int turns = testing::rounds(30'000);
        for (int turn = 0; turn < turns; ++turn) {
            const auto limit = std::chrono::microseconds(dice(100));
            if (dice(one_write_in) == 0) {
                if (timed ? lock.try_lock_for(limit) : (lock.lock(), true)) {
                    for (long& word : data) ++word;
                    ++writes;
                    ++succeeded;
                    lock.unlock();
                }
            } else if (timed ? lock.try_lock_shared_for(limit) : (lock.lock_shared(), true)) {
                for (const long word : data) ASSERT_EQ(word, data[0]);
                lock.unlock_shared();
            }
        }
    });
    EXPECT_EQ(writes, succeeded);
    EXPECT_EQ(data[0], succeeded);
}

TEST(SharedLock, StressManyWrites) { storm(2, false); }
TEST(SharedLock, StressFewWrites) { storm(1'000, false); }
TEST(SharedLock, StressTimeouts) { storm(20, true); }

TEST(SharedLock, StressWritersGetInAmongGreedyReaders) {
    SharedLock lock;
    std::atomic<bool> done{false};
    testing::run_together(4, [&](std::size_t i) {
        if (i == 0) {
            for (int write = 0; write < testing::rounds(1'000); ++write) {
                lock.lock();
                lock.unlock();
            }
            done = true;
            return;
        }
        while (!done) {
            const std::shared_lock hold(lock);
        }
    });
}

TEST(SharedLock, StressReadersGetInAmongGreedyWriters) {
    SharedLock lock;
    std::atomic<bool> done{false};
    testing::run_together(4, [&](std::size_t i) {
        if (i == 0) {
            for (int read = 0; read < testing::rounds(1'000); ++read) {
                lock.lock_shared();
                lock.unlock_shared();
            }
            done = true;
            return;
        }
        while (!done) {
            const std::scoped_lock hold(lock);
        }
    });
}

TEST(SharedLock, StressReadersThatEnd) {
    SharedLock lock;
    int value = 0;
    for (int round = 0; round < testing::rounds(300); ++round) {
        testing::run_together(3, [&](std::size_t i) {
            if (i == 0) {
                const std::scoped_lock hold(lock);
                ++value;
            } else {
                for (int read = 0; read < 20; ++read) {
                    const std::shared_lock hold(lock);
                    ASSERT_LE(value, round + 1);
                }
            }
        });
    }
}

}  // namespace
}  // namespace threadwise
