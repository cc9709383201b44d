#include "runtime/records/registry.hpp"

#include <gtest/gtest.h>
#include <limits.h>
#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "support/backend.hpp"
#include "support/threads.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::runtime {
namespace {

/// Records of threads that do not exist, listed.
class Crowd {
public:
    explicit Crowd(std::size_t size) : records_(size) {
        for (auto& record : records_) {
            record = std::make_shared<ThreadRecord>(ThreadRecord::Origin::foreign);
            registry::list(record);
        }
    }
    ~Crowd() {
        for (const auto& record : records_) registry::unlist(*record);
    }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    const std::vector<std::shared_ptr<ThreadRecord>>& records() const noexcept { return records_; }

private:
    std::vector<std::shared_ptr<ThreadRecord>> records_;
};

TEST(Registry, ListsTheOldestFirst) {
    const std::size_t before = registry::size();
    const Crowd crowd(5);
    registry::unlist(*crowd.records()[0]);
    registry::unlist(*crowd.records()[2]);
    registry::unlist(*crowd.records()[4]);
    registry::unlist(*crowd.records()[4]);  // not listed any more: nothing happens
    registry::list(crowd.records()[2]);

    const auto all = registry::all();
    ASSERT_EQ(all.size(), before + 3);
    EXPECT_EQ(registry::size(), before + 3);
    EXPECT_TRUE(registry::has_foreign());
    EXPECT_EQ(all[before], crowd.records()[1]);
    EXPECT_EQ(all[before + 1], crowd.records()[3]);
    EXPECT_EQ(all[before + 2], crowd.records()[2]);
    EXPECT_EQ(registry::find(crowd.records()[3]->ident), crowd.records()[3]);
    EXPECT_EQ(registry::find(crowd.records()[4]->ident), nullptr);
}

/// How often the destructor of this key has been called for the thread; it is called again in the next round.
pthread_key_t round_key() {
    static const pthread_key_t key = [] {
        pthread_key_t made{};
        pthread_key_create(&made, [](void* round) {
            auto& count = *static_cast<int*>(round);
            if (++count < PTHREAD_DESTRUCTOR_ITERATIONS) {
                pthread_setspecific(round_key(), round);
            } else {
                get_ident();  // for the first time
            }
        });
        return made;
    }();
    return key;
}

TEST(Registry, ForgetsAThreadThatFirstCameByAtItsVeryEnd) {
    THREADWISE_NEEDS("word of which threads there are");
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the thread sanitizer has left the thread by the last round of its keys' destructors";
#endif
    const std::size_t before = registry::size();
    for (int i = 0; i < 40; ++i) {
        int rounds = 0;
        std::jthread([&] { pthread_setspecific(round_key(), &rounds); }).join();
        ASSERT_EQ(rounds, PTHREAD_DESTRUCTOR_ITERATIONS);
    }
    // A joined thread may still be there for the kernel for a moment.
    EXPECT_TRUE(testing::wait_until([&] { return registry::size() == before; }));
}

/// Of the calling thread, so that a busy machine does not matter.
double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// What it takes to come and to go, among so many.
double cost_among(std::size_t size) {
    const Crowd crowd(size);
    const auto newcomer = std::make_shared<ThreadRecord>(ThreadRecord::Origin::foreign);
    constexpr int rounds = 2000;
    double least = 1;
    for (int i = 0; i < 5; ++i) {
        const double begin = processor_seconds();
        for (int round = 0; round < rounds; ++round) {
            registry::list(newcomer);
            registry::unlist(*newcomer);
        }
        least = std::min(least, processor_seconds() - begin);
    }
    return least / rounds;
}

TEST(Registry, ThreadsComeAndGoInConstantTime) {
    // A search of the list would take some 500 times as long.
    EXPECT_LT(cost_among(10'000), 30 * cost_among(10));
}

}  // namespace
}  // namespace threadwise::runtime
