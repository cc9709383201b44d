// Which answers may continue what has arrived, and which may not.

#include "http/file_answer.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

namespace {

using namespace command;
using testing::HasSubstr;
using Verdict = Judgement::Verdict;

const ArrivedPart arrived{.size = 400,
                          .total = 1000,
                          .entity_tag = "\"one\"",
                          .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT",
                          .encoding = {},
                          .url = "http://host/a"};

FileAnswer rest() {
    return {.status = 206,
            .url = "http://host/a",
            .content_length = "600",
            .content_range = "bytes 400-999/1000",
            .content_type = "application/octet-stream",
            .content_encoding = {},
            .entity_tag = "\"one\"",
            .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT"};
}

FileAnswer whole() {
    FileAnswer answer = rest();
    answer.status = 200;
    answer.content_length = "1000";
    answer.content_range = "";
    return answer;
}

Judgement judge(const FileAnswer& answer, const ArrivedPart& part = arrived) {
    return judge_answer(part, answer, "a.bin");
}

struct Case {
    const char* what;
    std::function<void(FileAnswer&)> change;
    Verdict verdict;
    std::uint64_t end = 1000;
};

TEST(FileAnswer, PartsAreJoinedOnlyIfNothingSpeaksAgainstIt) {
    const std::vector<Case> cases{
        {"as asked for", [](FileAnswer&) {}, Verdict::rest},
        {"unknown total", [](FileAnswer& a) { a.content_range = "bytes 400-999/*"; }, Verdict::rest},
        {"no length", [](FileAnswer& a) { a.content_length = ""; }, Verdict::rest},
        {"no date", [](FileAnswer& a) { a.last_modified = ""; }, Verdict::rest},
        {"said to be as it is", [](FileAnswer& a) { a.content_encoding = "Identity"; }, Verdict::rest},
        {"less than the rest",
         [](FileAnswer& a) {
             a.content_range = "bytes 400-499/1000";
             a.content_length = "100";
         },
         Verdict::rest, 500},

        {"no Content-Range", [](FileAnswer& a) { a.content_range = ""; }, Verdict::start_over},
        {"malformed Content-Range", [](FileAnswer& a) { a.content_range = "bytes 400-999"; }, Verdict::start_over},
        {"two of them", [](FileAnswer& a) { a.content_range = "bytes 400-999/1000, bytes 400-999/1000"; },
         Verdict::start_over},
        {"another unit", [](FileAnswer& a) { a.content_range = "lines 400-999/1000"; }, Verdict::start_over},
        {"earlier start",
         [](FileAnswer& a) {
             a.content_range = "bytes 399-999/1000";
             a.content_length = "601";
         },
         Verdict::start_over},
        {"later start",
         [](FileAnswer& a) {
             a.content_range = "bytes 401-999/1000";
             a.content_length = "599";
         },
         Verdict::start_over},
        {"smaller total",
         [](FileAnswer& a) {
             a.content_range = "bytes 400-899/900";
             a.content_length = "500";
         },
         Verdict::start_over},
        {"larger total", [](FileAnswer& a) { a.content_range = "bytes 400-999/2000"; }, Verdict::start_over},
        {"beyond the total",
         [](FileAnswer& a) {
             a.content_range = "bytes 400-1099/*";
             a.content_length = "700";
         },
         Verdict::start_over},
        {"length too small", [](FileAnswer& a) { a.content_length = "599"; }, Verdict::start_over},
        {"length too large", [](FileAnswer& a) { a.content_length = "601"; }, Verdict::start_over},
        {"length of the whole", [](FileAnswer& a) { a.content_length = "1000"; }, Verdict::start_over},
        {"two lengths", [](FileAnswer& a) { a.content_length = "600, 601"; }, Verdict::start_over},
        {"malformed length", [](FileAnswer& a) { a.content_length = "600 bytes"; }, Verdict::start_over},
        {"another entity tag", [](FileAnswer& a) { a.entity_tag = "\"two\""; }, Verdict::start_over},
        {"the tag made weak", [](FileAnswer& a) { a.entity_tag = "W/\"one\""; }, Verdict::start_over},
        {"no entity tag", [](FileAnswer& a) { a.entity_tag = ""; }, Verdict::start_over},
        {"two entity tags", [](FileAnswer& a) { a.entity_tag = "\"one\", \"two\""; }, Verdict::start_over},
        {"another date", [](FileAnswer& a) { a.last_modified = "Mon, 07 Nov 1994 08:49:37 GMT"; }, Verdict::start_over},
        {"encoded", [](FileAnswer& a) { a.content_encoding = "gzip"; }, Verdict::start_over},
        {"several parts", [](FileAnswer& a) { a.content_type = "Multipart/ByteRanges; boundary=x"; },
         Verdict::start_over},
        {"another URL", [](FileAnswer& a) { a.url = "http://mirror/a"; }, Verdict::start_over},
    };
    for (const Case& one : cases) {
        FileAnswer answer = rest();
        one.change(answer);
        const Judgement judgement = judge(answer);
        EXPECT_EQ(judgement.verdict, one.verdict) << one.what;
        if (one.verdict != Verdict::rest) {
            EXPECT_NE(judgement.problem, "") << one.what;
            continue;
        }
        EXPECT_EQ(judgement.end, one.end) << one.what;
        EXPECT_EQ(judgement.part.size, 400U) << one.what;
        EXPECT_EQ(judgement.part.total, 1000U) << one.what;
        EXPECT_EQ(judgement.part.entity_tag, "\"one\"") << one.what;
    }
}

TEST(FileAnswer, PartTellsATotalThatWasUnknown) {
    ArrivedPart part = arrived;
    part.total.reset();
    EXPECT_EQ(judge(rest(), part).part.total, 1000U);
    FileAnswer answer = rest();
    answer.content_range = "bytes 400-999/*";
    EXPECT_EQ(judge(answer, part).part.total, std::nullopt);
    EXPECT_EQ(judge(answer, part).end, 1000U);
}

TEST(FileAnswer, PartThatNobodyAskedForIsOfNoUse) {
    EXPECT_EQ(judge(rest(), {}).verdict, Verdict::try_again);
    ArrivedPart part = arrived;
    part.entity_tag = "";
    EXPECT_EQ(judge(rest(), part).verdict, Verdict::try_again);
}

TEST(FileAnswer, WholeFileReplacesWhatHasArrived) {
    FileAnswer answer = whole();
    answer.entity_tag = "\"two\"";
    answer.content_length = "70";
    const Judgement judgement = judge(answer);
    EXPECT_EQ(judgement.verdict, Verdict::whole);
    EXPECT_EQ(judgement.part.size, 0U);
    EXPECT_EQ(judgement.part.total, 70U);
    EXPECT_EQ(judgement.end, 70U);
    EXPECT_EQ(judgement.part.entity_tag, "\"two\"");
}

TEST(FileAnswer, OnlyStrongEntityTagsAreRemembered) {
    for (const char* tag : {"W/\"one\"", "one", "\"one\", \"two\"", ""}) {
        FileAnswer answer = whole();
        answer.entity_tag = tag;
        EXPECT_EQ(judge(answer).part.entity_tag, "") << tag;
    }
}

TEST(FileAnswer, SizeIsRememberedForTheSameVersion) {
    FileAnswer answer = whole();
    answer.content_length = "";
    EXPECT_EQ(judge(answer).end, 1000U);
    answer.entity_tag = "\"two\"";
    EXPECT_EQ(judge(answer).end, std::nullopt);
    answer.entity_tag = "\"one\"";
    answer.url = "http://mirror/a";
    EXPECT_EQ(judge(answer).end, std::nullopt);
}

TEST(FileAnswer, LengthThatIsNoSizeIsRefused) {
    for (const char* length : {"-1", "10x", "5, 6", "99999999999999999999", "0x10"}) {
        FileAnswer answer = whole();
        answer.content_length = length;
        const Judgement judgement = judge(answer, {});
        EXPECT_EQ(judgement.verdict, Verdict::give_up) << length;
        EXPECT_THAT(judgement.problem, HasSubstr(length));
        EXPECT_NE(judgement.advice, "");
    }
}

TEST(FileAnswer, EncodedFileIsRefusedUnlessItsNameTellsSo) {
    const auto verdict = [](const char* encoding, const char* name) {
        FileAnswer answer = whole();
        answer.content_encoding = encoding;
        return judge_answer({}, answer, name).verdict;
    };
    EXPECT_EQ(verdict("gzip", "a.tar"), Verdict::give_up);
    EXPECT_EQ(verdict("br", "a.gz"), Verdict::give_up);
    EXPECT_EQ(verdict("gzip, br", "a.br"), Verdict::give_up);
    EXPECT_EQ(verdict("gzip", "a.tar.gz"), Verdict::whole);
    EXPECT_EQ(verdict("X-GZip", "a.tgz"), Verdict::whole);
    EXPECT_EQ(verdict("identity", "a.tar"), Verdict::whole);
}

}  // namespace
