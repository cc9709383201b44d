#include "threadwise/source_location.hpp"

#include <gtest/gtest.h>

#include <string>

namespace threadwise {
namespace {

SourceLocation called_from(SourceLocation where = SourceLocation::current()) { return where; }

TEST(SourceLocation, AsADefaultArgumentIsThatOfTheCall) {
    const std::uint32_t line = __LINE__ + 1;
    const SourceLocation where = called_from();
    EXPECT_EQ(where.line(), line);
    EXPECT_STREQ(where.function_name(), "TestBody");
    EXPECT_TRUE(std::string(where.file_name()).ends_with("source_location_test.cpp"));
}

TEST(SourceLocation, IsNowhereByDefault) {
    const SourceLocation where;
    EXPECT_EQ(where.line(), 0U);
    EXPECT_STREQ(where.file_name(), "");
    EXPECT_STREQ(where.function_name(), "");
}

}  // namespace
}  // namespace threadwise
