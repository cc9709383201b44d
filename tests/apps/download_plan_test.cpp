#include "download/download_plan.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "base/failure.hpp"
#include "download/url_list.hpp"

namespace {

using namespace command;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

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
    EXPECT_EQ(targets[0].digest.hex, one);
    EXPECT_EQ(targets[1].digest.hex, two);
    EXPECT_EQ(targets[1].name, "b");
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream input(text);
    std::vector<std::string> lines;
    for (const auto& file : read_url_list(input)) lines.push_back(file.url + "|" + file.name);
    return lines;
}

TEST(DownloadPlan, ReadsListsFromOtherSystems) {
    EXPECT_THAT(lines_of("\xEF\xBB\xBFhttp://h/a\r\n\r\n\t\r\nhttp://h/b\r\n"),
                ElementsAre("http://h/a|", "http://h/b|"));
    EXPECT_THAT(lines_of("\xEF\xBB\xBF# comment\n  # another\nhttp://h/a"), ElementsAre("http://h/a|"));
    EXPECT_THAT(lines_of("http://h/my file\tmy name\nhttp://h/b \t c\n"),
                ElementsAre("http://h/my file|my name", "http://h/b|c"));
    EXPECT_THAT(lines_of(""), IsEmpty());
    EXPECT_THAT(lines_of("\xEF\xBB\xBF"), IsEmpty());
    EXPECT_THAT(lines_of("http://h/" + std::string(60'000, 'a')).front().size(), 60'010U);
}

std::string refused_list(const std::string& text) {
    std::istringstream input(text);
    try {
        read_url_list(input, "urls.txt");
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), request_wrong);
        return failure.what();
    }
    return "accepted";
}

TEST(DownloadPlan, RefusesWhatIsNoList) {
    EXPECT_THAT(refused_list("http://h/a\n" + std::string(100'000, 'a')), HasSubstr("urls.txt, line 2: longer"));
    EXPECT_THAT(refused_list(std::string("\xFF\xFEh\0t\0t\0p\0", 10)), HasSubstr("urls.txt, line 1: a zero byte"));
}

TEST(DownloadPlan, SaysInWhichLineAUrlIsWrong) {
    std::istringstream input("http://h/a\n\nnonsense\n");
    EXPECT_THAT(refusal(read_url_list(input, "urls.txt")), HasSubstr("urls.txt, line 3: \"nonsense\""));
}

std::vector<std::string> names_of(const std::vector<WantedFile>& wanted) {
    std::vector<std::string> names;
    for (const auto& target : plan_downloads(wanted, nullptr)) names.push_back(target.name);
    return names;
}

TEST(DownloadPlan, PutsFilesWithOneNameIntoFolders) {
    EXPECT_THAT(names_of({{"http://h/1/a", ""}, {"http://h/2/%61", ""}, {"http://h/2/b", ""}}),
                ElementsAre("1/a", "2/a", "b"));
    EXPECT_THAT(names_of({{"http://h/1/x/a", ""}, {"http://h/2/x/a", ""}}), ElementsAre("1/x/a", "2/x/a"));
    EXPECT_THAT(names_of({{"http://h/a", ""}, {"http://h/x/a", ""}}), ElementsAre("a", "x/a"));
    EXPECT_THAT(names_of({{"http://g/1/a", ""}, {"http://h:81/1/a", ""}}), ElementsAre("g/1/a", "h:81/1/a"));
    EXPECT_THAT(names_of({{"http://h/a", "x/a"}, {"http://h/b", "y/a"}}), ElementsAre("x/a", "y/a"));
}

TEST(DownloadPlan, RefusesTwoFilesWithOneName) {
    const std::vector<std::vector<WantedFile>> requests{
        {{"http://h/1/a", ""}, {"http://h/1/%61", ""}},           {{"http://h/1/a?x", ""}, {"http://h/1/a?y", ""}},
        {{"http://h/1/x", "a"}, {"http://h/2/y", "a"}},           {{"http://h/1/a", ""}, {"http://h/2/y", "a"}},
        {{"http://h/..%2f..%2f/a", ""}, {"http://h/x%0A/a", ""}},
    };
    for (const auto& wanted : requests) {
        EXPECT_THAT(refusal(wanted), AllOf(HasSubstr("\"a\""), HasSubstr("two URLs"), HasSubstr("http://h/")));
    }
}

TEST(DownloadPlan, RefusesAFileThatIsAFolderToo) {
    EXPECT_THAT(refusal({{"http://h/x", "a"}, {"http://h/y", "a/b/c"}}), HasSubstr("\"a\" would be a file"));
    EXPECT_THAT(refusal({{"http://h/1/a", ""}, {"http://h/2/a", ""}, {"http://h/1", ""}}),
                HasSubstr("\"1\" would be a file"));
}

TEST(DownloadPlan, RefusesNamesOfItsOwnFiles) {
    for (const char* name :
         {".threadwise-downloads", "x/.threadwise-downloads", ".a.01234567.part", ".threadwise-downloads.new"}) {
        EXPECT_THAT(refusal({{"http://h/a", name}}), HasSubstr("has for its own files")) << name;
    }
    EXPECT_THAT(refusal({{"http://h/.threadwise-downloads", ""}}), HasSubstr("has for its own files"));
}

TEST(DownloadPlan, ShowsNoPasswords) {
    const std::vector<ChecksumLine> checksums{{one, "b"}};
    const std::string url = "http://user:secret@h/a";
    for (const auto& text : {refusal({{url, ""}, {url, ""}}), refusal({{url, ""}}, &checksums),
                             refusal({{url, ""}, {"http://h/b", "a/b"}}), refusal({{"x" + url, ""}})}) {
        EXPECT_THAT(text, AllOf(HasSubstr("***@h"), Not(HasSubstr("secret"))));
    }
}

TEST(DownloadPlan, FindsDigestsByFolders) {
    const std::vector<ChecksumLine> checksums{{one, "./x/a"}, {two, "y/a"}};
    const auto targets = plan_downloads({{"http://h/pub/x/a", ""}, {"http://h/pub/y/a", ""}}, &checksums);
    EXPECT_EQ(targets[0].digest.hex, one);
    EXPECT_EQ(targets[1].digest.hex, two);
    EXPECT_EQ(plan_downloads({{"http://h/z", "y/a"}}, &checksums)[0].digest.hex, two);
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
    EXPECT_THAT(refusal({{"nonsense", ""}, {"http://h/", ""}, {"http://g/a?1", ""}, {"http://g/a?2", ""}}),
                AllOf(HasSubstr("nonsense"), HasSubstr("http://h/"), HasSubstr("http://g/a?2")));
}

}  // namespace
