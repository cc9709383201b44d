#include "threadwise/embed/spinning.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "platform/cpu.hpp"
#include "platform/machine_load.hpp"
#include "runtime/waiting/spinning.hpp"

namespace threadwise::runtime {
namespace {

/// Two threads more than there are cores, which want to run all the time.
class BusyCores {
public:
    BusyCores() {
        for (unsigned i = 0; i < platform::core_count() + 2; ++i) {
            threads_.emplace_back([this] {
                while (!stop_.load()) platform::pause();
            });
        }
    }
    ~BusyCores() {
        stop_.store(true);
        for (std::thread& thread : threads_) thread.join();
    }
    BusyCores(const BusyCores&) = delete;
    BusyCores& operator=(const BusyCores&) = delete;

private:
    std::atomic<bool> stop_{false};
    std::vector<std::thread> threads_;
};

bool count_and_refuse(const void* polls) {
    ++*const_cast<std::atomic<int>*>(static_cast<const std::atomic<int>*>(polls));
    return false;
}

TEST(Spinning, EndsOnceReady) {
    if (platform::core_count() == 1) GTEST_SKIP() << "nobody spins on one core";
    const int place = 0;
    EXPECT_TRUE(embed::spin(
        &place, [](const void*) { return true; }, nullptr));
}

TEST(Spinning, EndsWhenItDoesNotPay) {
    std::atomic<int> polls{0};
    EXPECT_FALSE(embed::spin(&polls, count_and_refuse, &polls));
}

TEST(Spinning, ThreadsMaySpinOnABusyMachineUnlessTheyMindOthers) {
    const BusyCores busy;
    std::thread([] { EXPECT_TRUE(may_spin(this_record())); }).join();
}

TEST(Spinning, ThreadsThatMindOthersDoNotSpinOnABusyMachine) {
    if (THREADWISE_PORTABLE_BACKEND) GTEST_SKIP() << "the load is not known";
    const BusyCores busy;
    std::thread([] {
        embed::spin_only_on_idle_cores();
        while (may_spin(this_record())) std::this_thread::yield();
        EXPECT_TRUE(platform::is_machine_busy());
        // Looked at again meanwhile, the machine is still busy.
        std::atomic<int> polls{0};
        EXPECT_FALSE(embed::spin(&polls, count_and_refuse, &polls));
        EXPECT_EQ(polls.load(), 0);
    }).join();
}

}  // namespace
}  // namespace threadwise::runtime
