#include "http/download_plan.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "failure.hpp"

namespace {

using namespace command;
using testing::AllOf;
using testing::HasSubstr;

const std::string one(64, '1');
const std::string two(64, '2');

std::string refusal(const std::vector<WantedFile>& wanted, const std::vector<ChecksumLine>* checksums = nullptr) {
    try {
        plan_downloads(wanted, checksums);
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), request_wrong);
        EXPECT_FALSE(failure.advice().empty());
        return failure.what();
    }
    return "accepted";
}

TEST(DownloadPlan, ReadsListsOfUrls) {
    std::istringstream input("http://h/a\n\n# comment\n  http://h/b\tmy name.bin \r\n   \nhttp://h/c");
    const auto wanted = read_url_list(input);
    ASSERT_EQ(wanted.size(), 3U);
    EXPECT_EQ(wanted[0].url, "http://h/a");
    EXPECT_EQ(wanted[0].name, "");
    EXPECT_EQ(wanted[1].url, "http://h/b");
    EXPECT_EQ(wanted[1].name, "my name.bin");
    EXPECT_EQ(wanted[2].url, "http://h/c");
}

TEST(DownloadPlan, FindsDigestsByName) {
    const std::vector<ChecksumLine> checksums{{one, "./folder/a"}, {two, "b"}, {two, "./b"}};
    const auto targets = plan_downloads({{"http://h/a", ""}, {"http://h/x", "b"}}, &checksums);
    ASSERT_EQ(targets.size(), 2U);
    EXPECT_EQ(targets[0].digest, one);
    EXPECT_EQ(targets[1].digest, two);
    EXPECT_EQ(targets[1].name, "b");
}

TEST(DownloadPlan, RefusesTwoFilesWithOneName) {
    EXPECT_THAT(refusal({{"http://h/1/a", ""}, {"http://h/2/%61", ""}}),
                AllOf(HasSubstr("\"a\""), HasSubstr("http://h/1/a"), HasSubstr("http://h/2/%61")));
}

TEST(DownloadPlan, RefusesWhatTheListDoesNotKnow) {
    const std::vector<ChecksumLine> checksums{{one, "a"}};
    EXPECT_THAT(refusal({{"http://h/a", ""}, {"http://h/b", ""}}, &checksums), HasSubstr("no line for \"b\""));
}

TEST(DownloadPlan, RefusesWhatTheListKnowsTwice) {
    const std::vector<ChecksumLine> checksums{{one, "x/a"}, {two, "y/a"}};
    EXPECT_THAT(refusal({{"http://h/a", ""}}, &checksums), HasSubstr("different digests for \"a\""));
}

TEST(DownloadPlan, NamesAllFaultsAtOnce) {
    EXPECT_THAT(refusal({{"nonsense", ""}, {"http://h/", ""}, {"http://h/a", ""}, {"http://g/a", ""}}),
                AllOf(HasSubstr("nonsense"), HasSubstr("http://h/"), HasSubstr("http://g/a")));
}

}  // namespace
