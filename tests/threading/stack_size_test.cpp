#include "threadwise/stack_size.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <limits>

#include "support/backend.hpp"
#include "threadwise/thread.hpp"

namespace threadwise {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

std::size_t fill_stack(std::size_t bytes) {
    std::array<volatile char, 4096> page{};
    page[bytes % page.size()] = 1;
    return bytes <= page.size() ? 1 : fill_stack(bytes - page.size()) + static_cast<std::size_t>(page[1] == 0);
}

TEST(StackSize, IsTheSystemsAtFirst) { EXPECT_EQ(stack_size(), 0U); }

TEST(StackSize, ReturnsWhatWasBefore) {
    EXPECT_EQ(stack_size(mebibyte), 0U);
    EXPECT_EQ(stack_size(), mebibyte);
    Thread thread([] {});
    thread.start();
    thread.join();
    EXPECT_EQ(stack_size(0), mebibyte);
}

TEST(StackSize, RefusesWhatIsTooSmall) {
    EXPECT_THROW(stack_size(1), ValueError);
    EXPECT_THROW(stack_size((std::size_t{32} << 10) - 1), ValueError);
    EXPECT_THROW(Thread({.stack_size = 100}, [] {}), ValueError);
    EXPECT_EQ(stack_size(), 0U);
}

TEST(StackSize, MayBeGivenForOneThread) {
    THREADWISE_NEEDS("say in the size of a stack");
    // Deeper than the 8 MiB that threads mostly get.
    Thread thread({.stack_size = 64 * mebibyte}, [] { EXPECT_NE(fill_stack(32 * mebibyte), 0U); });
    thread.start();
    thread.join();
}

TEST(StackSize, OfMoreThanThereIsFailsToStart) {
    THREADWISE_NEEDS("say in the size of a stack");
    Thread thread({.stack_size = std::numeric_limits<std::size_t>::max() / 4}, [] {});
    EXPECT_THROW(thread.start(), RuntimeError);
    EXPECT_FALSE(thread.is_alive());
    EXPECT_THROW(thread.start(), RuntimeError) << "unchanged, so the same again";
    EXPECT_THROW(thread.join(), RuntimeError);
}

}  // namespace
}  // namespace threadwise
