#include "runtime/records/parking_table.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "platform/internal_lock.hpp"
#include "support/threads.hpp"

namespace threadwise::runtime {
namespace {

std::shared_ptr<ThreadRecord> a_record() { return std::make_shared<ThreadRecord>(ThreadRecord::Origin::foreign); }

/// Two addresses that share a bucket, and a third one that does not.
struct Addresses {
    std::vector<char> memory = std::vector<char>(1 << 16);
    const void* one = memory.data();
    const void* neighbour = nullptr;
    const void* stranger = nullptr;

    Addresses() {
        for (const char& byte : memory) {
            const bool same = &bucket_of(&byte) == &bucket_of(one);
            if (same && &byte != one) neighbour = &byte;
            if (!same) stranger = &byte;
        }
    }
};

class ParkingTable : public ::testing::Test {
protected:
    void TearDown() override {
        for (const auto& record : records) {
            if (!record->wait_node.queued) continue;
            Bucket& found = bucket_of(record->wait_node.address.load());
            const platform::InternalHold hold(found.lock);
            found.remove(*record);
        }
    }

    std::array<std::shared_ptr<ThreadRecord>, 4> records{a_record(), a_record(), a_record(), a_record()};
    Addresses addresses;
    Bucket& bucket = bucket_of(addresses.one);
};

TEST_F(ParkingTable, PutsAnAddressIntoTheSameBucketEachTime) {
    EXPECT_EQ(&bucket_of(addresses.one), &bucket_of(addresses.one));
    ASSERT_NE(addresses.neighbour, nullptr);
    ASSERT_NE(addresses.stranger, nullptr);
}

TEST_F(ParkingTable, KeepsTheOrderOfArrival) {
    const platform::InternalHold hold(bucket.lock);
    for (const auto& record : records) bucket.push_back(*record, addresses.one);
    const ThreadRecord* next = bucket.first(addresses.one);
    for (const auto& record : records) {
        ASSERT_EQ(next, record.get());
        next = Bucket::next_on(*next, addresses.one);
    }
    EXPECT_EQ(next, nullptr);
}

TEST_F(ParkingTable, LetsTheEntitledGoFirst) {
    const platform::InternalHold hold(bucket.lock);
    bucket.push_back(*records[0], addresses.one);
    bucket.push_front(*records[1], addresses.one);
    EXPECT_EQ(bucket.first(addresses.one), records[1].get());
    EXPECT_EQ(Bucket::next_on(*records[1], addresses.one), records[0].get());
}

TEST_F(ParkingTable, TellsAddressesInOneBucketApart) {
    const platform::InternalHold hold(bucket.lock);
    bucket.push_back(*records[0], addresses.neighbour);
    bucket.push_back(*records[1], addresses.one);
    bucket.push_back(*records[2], addresses.neighbour);
    bucket.push_back(*records[3], addresses.one);
    EXPECT_EQ(bucket.first(addresses.one), records[1].get());
    EXPECT_EQ(Bucket::next_on(*records[1], addresses.one), records[3].get());
    EXPECT_EQ(Bucket::next_on(*records[3], addresses.one), nullptr);
    EXPECT_EQ(bucket.first(addresses.neighbour), records[0].get());
    EXPECT_EQ(Bucket::next_on(*records[0], addresses.neighbour), records[2].get());
}

TEST_F(ParkingTable, RemovesFromFrontMiddleAndBack) {
    const platform::InternalHold hold(bucket.lock);
    for (const auto& record : records) bucket.push_back(*record, addresses.one);
    EXPECT_TRUE(bucket.has(*records[1]));
    bucket.remove(*records[1]);
    EXPECT_FALSE(bucket.has(*records[1]));
    EXPECT_EQ(Bucket::next_on(*records[0], addresses.one), records[2].get());
    bucket.remove(*records[0]);
    EXPECT_EQ(bucket.first(addresses.one), records[2].get());
    bucket.remove(*records[3]);
    EXPECT_EQ(Bucket::next_on(*records[2], addresses.one), nullptr);
    bucket.remove(*records[2]);
    EXPECT_EQ(bucket.first(addresses.one), nullptr);
    bucket.push_front(*records[0], addresses.one);
    EXPECT_EQ(bucket.first(addresses.one), records[0].get());
    EXPECT_FALSE(records[1]->wait_node.queued);
}

TEST_F(ParkingTable, LocksOneBucketOnceAndTwoInAnOrderThatCannotDeadlock) {
    { const TwoBuckets same(addresses.one, addresses.neighbour); }
    testing::run_together(4, [&](std::size_t i) {
        for (int round = 0; round < testing::rounds(5'000); ++round) {
            const TwoBuckets both(i % 2 == 0 ? addresses.one : addresses.stranger,
                                  i % 2 == 0 ? addresses.stranger : addresses.one);
        }
    });
}

TEST_F(ParkingTable, StressFindsTheBucketOfARecordThatMoves) {
    Bucket& other = bucket_of(addresses.stranger);
    ThreadRecord& mover = *records[0];
    std::array<int, 2> visits{};  // each guarded by its bucket's lock
    {
        const platform::InternalHold hold(bucket.lock);
        bucket.push_back(mover, addresses.one);
    }
    // Unchecked: clang cannot tell which locks TwoBuckets holds.
    const auto move_once = [&]() THREADWISE_UNCHECKED {
        const TwoBuckets both(addresses.one, addresses.stranger);
        const bool here = mover.wait_node.address.load() == addresses.one;
        (here ? bucket : other).remove(mover);
        (here ? other : bucket).push_back(mover, here ? addresses.stranger : addresses.one);
    };
    testing::run_together(3, [&](std::size_t i) {
        for (int round = 0; round < testing::rounds(5'000); ++round) {
            if (i == 0) {
                move_once();
            } else {
                with_bucket_of(mover, [&](Bucket& found) THREADWISE_REQUIRES(found.lock) {
                    EXPECT_TRUE(mover.wait_node.queued);
                    EXPECT_EQ(found.first(mover.wait_node.address.load()), &mover);
                    ++visits[&found == &bucket ? 0 : 1];
                });
            }
        }
    });
    EXPECT_EQ(visits[0] + visits[1], 2 * testing::rounds(5'000));
}

}  // namespace
}  // namespace threadwise::runtime
