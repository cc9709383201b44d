#include "threadwise/version.hpp"

#include <gtest/gtest.h>

#include <string>

namespace threadwise {
namespace {

TEST(Version, OfTheLibraryIsThatOfItsHeaders) {
    const std::string expected =
        std::to_string(version_major) + "." + std::to_string(version_minor) + "." + std::to_string(version_patch);
    EXPECT_EQ(version(), expected);
}

}  // namespace
}  // namespace threadwise
