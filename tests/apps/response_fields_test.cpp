#include "http/response_fields.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace {

using namespace command;
using std::chrono::seconds;

TEST(ContentRange, ReadsOneRangeOfBytes) {
    const auto range = parse_content_range("bytes 500-999/1000");
    ASSERT_TRUE(range);
    EXPECT_EQ(range->first, 500U);
    EXPECT_EQ(range->last, 999U);
    EXPECT_EQ(range->total, 1000U);
    EXPECT_EQ(parse_content_range("bytes 0-0/1")->last, 0U);
    EXPECT_EQ(parse_content_range("Bytes 0-0/*")->total, std::nullopt);
    EXPECT_EQ(parse_content_range("bytes 0-9223372036854775806/9223372036854775807")->total, 9223372036854775807U);
}

TEST(ContentRange, RefusesEverythingElse) {
    for (const char* value : {"",
                              "bytes",
                              "bytes ",
                              "bytes 0-9",
                              "bytes 0-9/",
                              "bytes 0-/10",
                              "bytes -9/10",
                              "bytes 9-0/10",
                              "bytes 0-10/10",
                              "bytes 0-9/x",
                              "bytes 0-9/-1",
                              "bytes 0-9/10 ",
                              "bytes  0-9/10",
                              "bytes\t0-9/10",
                              "bytes=0-9/10",
                              "bytes 0 - 9/10",
                              "bytes +0-9/10",
                              "bytes 0x0-9/10",
                              "bytes */10",
                              "bytes */*",
                              "lines 0-9/10",
                              "0-9/10",
                              "bytes 0-9/10, bytes 20-29/30",
                              "bytes 0-9,20-29/30",
                              "bytes 0-9/10/10",
                              "bytes 0-9/**",
                              "bytes 0-9/18446744073709551626",
                              "bytes 0-9/9223372036854775808",
                              "bytes 18446744073709551616-18446744073709551625/*"}) {
        EXPECT_FALSE(parse_content_range(value)) << value;
    }
}

TEST(ContentLength, ReadsDigits) {
    EXPECT_EQ(parse_content_length("0"), 0U);
    EXPECT_EQ(parse_content_length("0042"), 42U);
    EXPECT_EQ(parse_content_length("9223372036854775807"), 9223372036854775807U);
    EXPECT_EQ(parse_content_length("5, 5"), 5U);
    EXPECT_EQ(parse_content_length("5,05 , 5"), 5U);
}

TEST(ContentLength, RefusesEverythingElse) {
    for (const char* value : {"", " ", "-1", "+1", "5x", "x", "5 5", "5.0", "1e3", "0x10", "5, 6", "5,", ",5", "5,,5",
                              "5, x", "9223372036854775808", "18446744073709551616", "99999999999999999999999999"}) {
        EXPECT_FALSE(parse_content_length(value)) << value;
    }
}

TEST(RetryAfter, ReadsSecondsAndDates) {
    const auto now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
    EXPECT_EQ(parse_retry_after("0", now), seconds(0));
    EXPECT_EQ(parse_retry_after(" 120 ", now), seconds(120));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), seconds(60));
    EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:50:37 GMT", now), seconds(60));
    EXPECT_EQ(parse_retry_after("Sun Nov  6 08:50:37 1994", now), seconds(60));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), seconds(0)) << "already over";
    EXPECT_GT(parse_retry_after("99999999999999999999999999", now), seconds(1'000'000'000));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 9994 08:50:37 GMT", now),
              seconds(std::numeric_limits<std::int32_t>::max()));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now - std::chrono::milliseconds(1)), seconds(61));
}

TEST(RetryAfter, RefusesEverythingElse) {
    const auto now = std::chrono::system_clock::from_time_t(784111777);
    for (const char* value : {"", " ", "-5", "+5", "5 s", "1.5", "soon", "120, 120"}) {
        EXPECT_FALSE(parse_retry_after(value, now)) << value;
    }
}

TEST(EntityTag, IsStrongOnlyInQuotesAndWithoutW) {
    for (const char* value : {"\"\"", "\"a\"", "\"a,b\"", "\"\xC3\xA9\"", "\"!#~\""}) {
        EXPECT_TRUE(is_strong_entity_tag(value)) << value;
    }
    for (const char* value : {"", "\"", "a", "W/\"a\"", "\"a", "a\"", "\"a\"b\"", "\"a b\"", "\"a\", \"b\"", "\"a\t\"",
                              "\"\x7f\"", "'a'"}) {
        EXPECT_FALSE(is_strong_entity_tag(value)) << value;
    }
}

}  // namespace
