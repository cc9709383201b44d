// How the number of transfers at once is found, on networks that are made up.

#include "transfer/concurrency.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using command::Concurrency;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Brings `rate_of(limit)` bytes a second, in large files.
class Network {
public:
    explicit Network(double (*rate_of)(double limit)) : rate_of_(rate_of) {}

    void run(Concurrency& concurrency, seconds how_long, bool in_demand = true) {
        constexpr milliseconds step{10};
        for (const auto end = now + how_long; now < end; now += step) {
            received_ += rate_of_(static_cast<double>(concurrency.limit())) * 0.01;
            concurrency.look(static_cast<std::uint64_t>(received_), in_demand, now);
            highest = std::max(highest, concurrency.limit());
        }
    }

    Concurrency::Clock::time_point now{};
    std::size_t highest = 0;

private:
    double (*rate_of_)(double);
    double received_ = 0;
};

TEST(Concurrency, GrowsWhileThatBringsMore) {
    Network network([](double limit) { return limit * 1e6; });
    Concurrency concurrency(0, network.now);
    EXPECT_EQ(concurrency.limit(), Concurrency::first);
    network.run(concurrency, seconds(5));
    EXPECT_EQ(concurrency.limit(), Concurrency::most);
}

TEST(Concurrency, StopsWhereItBringsNoMore) {
    Network network([](double limit) { return std::min(limit, 16.0) * 1e6; });
    Concurrency concurrency(0, network.now);
    network.run(concurrency, seconds(30));
    EXPECT_GE(concurrency.limit(), 16U);
    EXPECT_LE(concurrency.limit(), 20U);
    EXPECT_LE(network.highest, 32U);
}

TEST(Concurrency, StaysSmallWhereOneIsEnough) {
    Network network([](double) { return 1e6; });
    Concurrency concurrency(0, network.now);
    network.run(concurrency, seconds(30));
    EXPECT_LE(concurrency.limit(), Concurrency::first + 1);
}

TEST(Concurrency, DoesNotGrowWithoutNeed) {
    Network network([](double limit) { return limit * 1e6; });
    Concurrency concurrency(0, network.now);
    network.run(concurrency, seconds(5), false);
    EXPECT_EQ(concurrency.limit(), Concurrency::first);
}

TEST(Concurrency, BacksOffOnceForOneTrouble) {
    Network network([](double limit) { return limit * 1e6; });
    Concurrency concurrency(0, network.now);
    network.run(concurrency, seconds(5));
    for (int i = 0; i < 20; ++i) concurrency.note_trouble(network.now);
    EXPECT_EQ(concurrency.limit(), Concurrency::most / 2);
    network.run(concurrency, seconds(5));
    EXPECT_EQ(concurrency.limit(), Concurrency::most / 2) << "it waits before it grows again";
    for (int i = 0; i < 20; ++i) {
        concurrency.note_trouble(network.now);
        network.now += seconds(10);
    }
    EXPECT_EQ(concurrency.limit(), 1U);
    network.run(concurrency, seconds(60));
    EXPECT_GT(concurrency.limit(), 1U);
}

TEST(Concurrency, LeavesAGivenNumberAlone) {
    Network network([](double limit) { return limit * 1e6; });
    Concurrency concurrency(7, network.now);
    network.run(concurrency, seconds(5));
    concurrency.note_trouble(network.now);
    EXPECT_EQ(concurrency.limit(), 7U);
}

}  // namespace
