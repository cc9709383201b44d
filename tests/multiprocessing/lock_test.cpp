#include "threadwise/multiprocessing/lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "platform/clock.hpp"
#include "support/backend.hpp"
#include "support/child.hpp"
#include "support/sleepers.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/multiprocessing/rlock.hpp"
#include "threadwise/multiprocessing/shared.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::multiprocessing {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::wait_for_waiters;
using testing::wait_until;

constexpr int was_told = 7;
constexpr int got_it = 8;

/// What lies in shared memory: a lock, what it guards, and how far children are.
template <class AnyLock>
struct Board {
    AnyLock lock;
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::atomic<int> ready{0};
};

template <class AnyLock>
class SharedLockTest : public ::testing::Test {
protected:
    void SetUp() override {
        THREADWISE_NEEDS("shared memory");
        shared_ = std::make_unique<Shared<Board<AnyLock>>>();
    }

    Board<AnyLock>& board() const { return **shared_; }
    int fileno() const { return shared_->fileno(); }
    AnyLock& lock() const { return board().lock; }

    bool wait_for_ready(int count) const {
        return wait_until([&] { return board().ready.load() == count; });
    }

    /// Returns in all of them at once.
    void begin_together(int count) const {
        ++board().ready;
        while (board().ready.load() < count) std::this_thread::yield();
    }

    /// A child that takes the lock and keeps it for good.
    std::unique_ptr<Child> make_holder() const {
        auto holder = std::make_unique<Child>([this] {
            lock().acquire();
            ++board().ready;
            pause();
            return 0;
        });
        wait_for_ready(1);
        return holder;
    }

    /// One that waits for it.
    std::unique_ptr<Child> make_waiter() const {
        return std::make_unique<Child>([this] {
            ++board().ready;
            try {
                lock().acquire();
            } catch (const OwnerDiedError&) {
                return was_told;
            }
            lock().release();
            return got_it;
        });
    }

    std::unique_ptr<Shared<Board<AnyLock>>> shared_;
};

using Locks = ::testing::Types<Lock, RLock>;
TYPED_TEST_SUITE(SharedLockTest, Locks);

TYPED_TEST(SharedLockTest, IsFreeOrHeld) {
    TypeParam& lock = this->lock();
    EXPECT_FALSE(lock.locked());
    EXPECT_TRUE(lock.acquire());
    EXPECT_TRUE(lock.locked());
    lock.release();
    EXPECT_FALSE(lock.locked());
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
    EXPECT_TRUE(lock.try_lock_for(1h));
    lock.unlock();
    EXPECT_TRUE(lock.try_lock_until(std::chrono::system_clock::now()));
    lock.unlock();
    { const std::scoped_lock hold(lock); }
    EXPECT_THROW(lock.release(), RuntimeError);
}

TYPED_TEST(SharedLockTest, ExcludesOtherProcesses) {
    constexpr int rounds = 20000;
    const auto work = [this] {
        this->begin_together(3);
        for (int i = 0; i < rounds; ++i) {
            const std::scoped_lock hold(this->lock());
            ++this->board().first;
        }
        return 0;
    };
    {
        Child a(work);
        Child b(work);
        work();
        EXPECT_EQ(a.join(), 0);
        EXPECT_EQ(b.join(), 0);
    }
    EXPECT_EQ(this->board().first, 3U * rounds);
    EXPECT_FALSE(this->lock().locked());
}

TYPED_TEST(SharedLockTest, ExcludesOtherThreads) {
    constexpr int rounds = 20000;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([this] {
                this->begin_together(3);
                for (int j = 0; j < rounds; ++j) {
                    const std::scoped_lock hold(this->lock());
                    ++this->board().first;
                }
            });
        }
    }
    EXPECT_EQ(this->board().first, 3U * rounds);
}

TYPED_TEST(SharedLockTest, IsReleasedByItsHolderAlone) {
    this->lock().acquire();
    std::jthread([this] { EXPECT_THROW(this->lock().release(), RuntimeError); }).join();
    EXPECT_EQ(Child([this] {
                  try {
                      this->lock().release();
                  } catch (const RuntimeError&) {
                      return this->lock().try_lock() ? 1 : 0;
                  }
                  return 2;
              }).join(),
              0)
        << "a forked child does not hold what its parent does";
    this->lock().release();
}

TYPED_TEST(SharedLockTest, WaitsAsLongAsAskedFor) {
    const auto holder = this->make_holder();
    const auto before = platform::now();
    EXPECT_FALSE(this->lock().acquire(true, 5ms));
    EXPECT_FALSE(this->lock().try_lock_for(5ms));
    EXPECT_GE(platform::now() - before, 10ms);
    EXPECT_FALSE(this->lock().acquire(false));
    EXPECT_FALSE(this->lock().try_lock());
    EXPECT_FALSE(this->lock().try_lock_for(-1s));
    EXPECT_THROW(this->lock().acquire(true, -1s), ValueError);
    EXPECT_THROW(this->lock().acquire(false, 1s), ValueError);
}

TYPED_TEST(SharedLockTest, WaitsUntilStopIsRequestedOrItIsInterrupted) {
    const auto holder = this->make_holder();
    std::stop_source stop;
    Thread stopped([&] { EXPECT_FALSE(this->lock().acquire(stop.get_token())); });
    Thread interrupted([&] { EXPECT_THROW(this->lock().acquire(), InterruptedError); });
    stopped.start();
    interrupted.start();
    ASSERT_TRUE(wait_for_waiters(&this->lock(), 2));
    stop.request_stop();
    interrupt(interrupted);
    stopped.join();
    interrupted.join();
}

TYPED_TEST(SharedLockTest, TellsTheNextOneThatItsHolderDied) {
    auto holder = this->make_holder();
    holder->kill();
    holder->join();
    EXPECT_FALSE(this->lock().locked());
    EXPECT_THROW(this->lock().acquire(), OwnerDiedError);
    EXPECT_THROW(this->lock().try_lock(), OwnerDiedError);
    EXPECT_THROW(this->lock().try_lock_for(1s), OwnerDiedError);
    EXPECT_THROW(std::scoped_lock hold(this->lock()), OwnerDiedError);
    EXPECT_TRUE(this->lock().recover());
    EXPECT_TRUE(this->lock().locked());
    this->lock().release();
    EXPECT_FALSE(this->lock().recover()) << "it has been mended";
    this->lock().release();
    EXPECT_TRUE(this->lock().acquire());
    this->lock().release();
}

TYPED_TEST(SharedLockTest, TellsAllThatWait) {
    auto holder = this->make_holder();
    std::array waiters{this->make_waiter(), this->make_waiter(), this->make_waiter()};
    ASSERT_TRUE(this->wait_for_ready(4));
    Thread here([this] { EXPECT_THROW(this->lock().acquire(), OwnerDiedError); });
    here.start();
    ASSERT_TRUE(wait_for_waiters(&this->lock(), 1));
    holder->kill();
    for (const auto& waiter : waiters) EXPECT_EQ(waiter->join(), was_told);
    here.join();
}

TYPED_TEST(SharedLockTest, GoesToTheOthersWhereAWaiterIsKilled) {
    this->lock().acquire();
    std::array waiters{this->make_waiter(), this->make_waiter(), this->make_waiter()};
    ASSERT_TRUE(this->wait_for_ready(3));
    waiters[1]->kill();
    this->lock().release();
    EXPECT_EQ(waiters[0]->join(), got_it);
    EXPECT_EQ(waiters[2]->join(), got_it);
}

TYPED_TEST(SharedLockTest, NoticesTheEndOfAThread) {
    std::jthread([this] { this->lock().acquire(); }).join();
    EXPECT_TRUE(wait_until([this] { return !this->lock().locked(); }));
    EXPECT_TRUE(this->lock().recover());
    this->lock().release();
}

TYPED_TEST(SharedLockTest, IsInDoubtWhereItsHolderHasClosedTheMemory) {
    auto& board = this->board();
    {
        const auto same = Shared<Board<TypeParam>>::attach(this->fileno());
        same->lock.acquire();
    }
    // The list of what this thread holds does not lead to what is not mapped any more.
    Shared<TypeParam> other;
    other->acquire();
    other->release();
    EXPECT_THROW(board.lock.acquire(), OwnerDiedError);
    EXPECT_TRUE(board.lock.recover());
    board.lock.release();
}

TYPED_TEST(SharedLockTest, ThatDiesAgainWhileItIsMendedIsToldAgain) {
    this->make_holder()->kill();
    EXPECT_EQ(Child([this] {
                  if (!this->lock().recover()) return 1;
                  kill(getpid(), SIGKILL);
                  return 2;
              }).join(),
              -SIGKILL);
    EXPECT_THROW(this->lock().acquire(), OwnerDiedError);
    EXPECT_TRUE(this->lock().recover());
    this->lock().release();
}

TYPED_TEST(SharedLockTest, IsNamedByDumpWithTheProcessThatHoldsIt) {
    const auto holder = this->make_holder();
    std::stop_source stop;
    std::jthread waiter([&] { this->lock().acquire(stop.get_token()); });
    const std::string wanted = " held by process " + std::to_string(holder->pid()) + " (native id ";
    std::string text;
    EXPECT_TRUE(wait_until([&] {
        std::ostringstream out;
        dump(out);
        text = out.str();
        return text.find(wanted) != std::string::npos;
    })) << text;
    EXPECT_THAT(text, ::testing::ContainsRegex("waits for multiprocessing[.]R?Lock 0x"));
    stop.request_stop();
}

TYPED_TEST(SharedLockTest, IsInDoubtOnlyWhereAHolderWasKilledStress) {
    // A child is killed at whatever instruction it is. What the lock guards is whole unless the next one is told, and
    // the next one never hangs.
    int told = 0;
    for (int round = 0; round < 60; ++round) {
        auto& board = this->board();
        const std::uint64_t before = board.first;
        Child child([&] {
            for (;;) {
                const std::scoped_lock hold(board.lock);
                ++board.first;
                ++board.second;
            }
            return 0;
        });
        // Until it works, and then for some more of its rounds.
        const std::uint64_t enough = before + 1 + static_cast<std::uint64_t>(round) * 21;
        ASSERT_TRUE(wait_until([&] { return std::atomic_ref(board.first).load(std::memory_order_relaxed) >= enough; }));
        child.kill();
        child.join();
        try {
            ASSERT_TRUE(board.lock.acquire(true, 10s));
        } catch (const OwnerDiedError&) {
            ++told;
            ASSERT_TRUE(board.lock.recover());
            board.second = board.first;
        }
        ASSERT_EQ(board.first, board.second);
        board.lock.release();
    }
    this->RecordProperty("told", told);
}

TEST(SharedLocks, AreAllFreedWhereTheirHolderIsKilled) {
    THREADWISE_NEEDS("shared memory");
    struct Many {
        std::array<Lock, 100> locks;
    };
    const Shared<Many> many;
    Child([&] {
        for (Lock& lock : many->locks) lock.acquire();
        for (std::size_t i = 0; i < 100; i += 3) many->locks.at(i).release();
        kill(getpid(), SIGKILL);
        return 0;
    }).join();
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(many->locks.at(i).recover(), i % 3 != 0) << i;
        many->locks.at(i).release();
    }
}

TEST(SharedLocks, ShareTheListWithMutexesOfLibc) {
    THREADWISE_NEEDS("shared memory");
    struct Mixed {
        Lock first;
        pthread_mutex_t mutex;
        Lock second;
    };
    const Shared<Mixed> mixed;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    ASSERT_EQ(pthread_mutex_init(&mixed->mutex, &attributes), 0);
    pthread_mutexattr_destroy(&attributes);
    // In each order of taking and releasing, so that each is linked beside each.
    for (int round = 0; round < 8; ++round) {
        mixed->first.acquire();
        ASSERT_EQ(pthread_mutex_lock(&mixed->mutex), 0);
        if ((round & 1) != 0) mixed->first.release();
        mixed->second.acquire();
        if ((round & 2) != 0) {
            mixed->second.release();
            pthread_mutex_unlock(&mixed->mutex);
        } else {
            pthread_mutex_unlock(&mixed->mutex);
            mixed->second.release();
        }
        if ((round & 1) == 0) mixed->first.release();
    }
    Child([&] {
        mixed->first.acquire();
        pthread_mutex_lock(&mixed->mutex);
        mixed->second.acquire();
        kill(getpid(), SIGKILL);
        return 0;
    }).join();
    EXPECT_TRUE(mixed->first.recover());
    EXPECT_EQ(pthread_mutex_lock(&mixed->mutex), EOWNERDEAD);
    EXPECT_TRUE(mixed->second.recover());
    pthread_mutex_consistent(&mixed->mutex);
    pthread_mutex_unlock(&mixed->mutex);
    mixed->first.release();
    mixed->second.release();
}

TEST(SharedRLock, IsFreeAgainWhenReleasedAsOftenAsAcquired) {
    THREADWISE_NEEDS("shared memory");
    const Shared<RLock> lock;
    EXPECT_FALSE(lock->is_owned());
    lock->acquire();
    EXPECT_TRUE(lock->try_lock());
    EXPECT_TRUE(lock->acquire(true, 1s));
    EXPECT_TRUE(lock->is_owned());
    const auto try_there = [&] { return Child([&] { return lock->try_lock() ? got_it : 0; }).join(); };
    lock->release();
    lock->release();
    EXPECT_EQ(try_there(), 0);
    lock->release();
    EXPECT_FALSE(lock->is_owned());
    EXPECT_EQ(try_there(), got_it);
    EXPECT_TRUE(lock->recover());
    EXPECT_FALSE(lock->recover()) << "it holds it already";
    lock->release();
    EXPECT_THROW(lock->release(), RuntimeError);
}

}  // namespace
}  // namespace threadwise::multiprocessing
