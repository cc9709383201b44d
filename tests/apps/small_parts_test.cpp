// The parts of the command that compute something small.

#include <gmock/gmock.h>

#include <random>
#include <sstream>

#include "files/digest.hpp"
#include "http/transfer_outcome.hpp"
#include "server/byte_range.hpp"
#include "server/conditions.hpp"
#include "server/http_date.hpp"
#include "server/request_target.hpp"
#include "terminal/progress_bars.hpp"
#include "terminal/sizes.hpp"
#include "terminal/suggestion.hpp"
#include "terminal/text.hpp"
#include "transfer/backoff.hpp"

namespace {

using namespace command;
using testing::HasSubstr;
using testing::Not;

TEST(Backoff, DoublesAndStaysBelowItsLimit) {
    std::minstd_rand random;
    for (int round = 0; round < 1000; ++round) {
        for (const auto& [tries, longest] : {std::pair{1, 0.5}, {2, 1.0}, {3, 2.0}, {7, 30.0}, {1000, 30.0}}) {
            const double wait = backoff(tries, Seconds(0.5), random).count();
            EXPECT_GE(wait, longest / 2);
            EXPECT_LE(wait, longest);
        }
    }
}

TEST(ByteRange, IsWithinTheFile) {
    using Ranges = std::vector<ByteRange>;
    const auto parse = [](const char* header, std::uint64_t size) {
        return parse_ranges(header, size).value_or(Ranges{{7, 7}});
    };
    EXPECT_EQ(parse("bytes=0-9", 100), (Ranges{{0, 10}}));
    EXPECT_EQ(parse("bytes=90-", 100), (Ranges{{90, 100}}));
    EXPECT_EQ(parse("bytes=-10", 100), (Ranges{{90, 100}}));
    EXPECT_EQ(parse("bytes=50-1000", 100), (Ranges{{50, 100}}));
    EXPECT_EQ(parse("bytes=-1000", 100), (Ranges{{0, 100}}));
    EXPECT_EQ(parse("bytes=99-99", 100), (Ranges{{99, 100}}));
    EXPECT_EQ(parse("bytes= 0-0 ,\t-1", 100), (Ranges{{0, 1}, {99, 100}}));
    EXPECT_EQ(parse("bytes=0-99999999999999999999", 100), (Ranges{{0, 100}}));
    EXPECT_EQ(parse("bytes=200-,5-5", 100), (Ranges{{5, 6}}));
    for (const char* none : {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=-", "bytes=", "bytes=a-b", "bytes=5-2",
                             "bytes=0-1,x", "bytes=1--2", "bytes=+1-2", "bytes=99999999999999999999-"}) {
        EXPECT_EQ(parse(none, 100), Ranges{}) << none;
    }
    EXPECT_EQ(parse("bytes=0-", 0), Ranges{});
    EXPECT_EQ(parse("bytes=-5", 0), Ranges{});
    for (const char* ignored :
         {"", "lines=1-2", "bytes", "bytes =1-2", "bytes=0-60,50-99",
          "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,32-32"}) {
        EXPECT_EQ(parse_ranges(ignored, 100), std::nullopt) << ignored;
    }
}

TEST(RequestTarget, GivesAPath) {
    EXPECT_EQ(path_of_target("/a%20b?query"), "/a b");
    EXPECT_EQ(path_of_target("HTTP://host:80/a"), "/a");
    EXPECT_EQ(path_of_target("http://host"), "/");
    EXPECT_EQ(path_of_target("http://host?query"), "/");
    EXPECT_EQ(path_of_target("///a//b"), "/a//b");
    EXPECT_EQ(path_of_target("/"), "/");
    EXPECT_EQ(path_of_target("/%2e%2E/"), "/../");
    for (const char* malformed :
         {"", "a", "*", "host:80", "http:///a", "ftp://host/a", "/%", "/%4", "/%4g", "/%-1", "/a#b"}) {
        EXPECT_EQ(path_of_target(malformed), std::nullopt) << malformed;
    }
}

TEST(HttpDate, ReadsThreeForms) {
    const std::time_t seconds = 784'111'777;
    EXPECT_EQ(format_http_date(seconds), "Sun, 06 Nov 1994 08:49:37 GMT");
    for (const char* text :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        EXPECT_EQ(parse_http_date(text), seconds) << text;
    }
    for (const char* text :
         {"", "1994-11-06", "Sun, 06 Nov 1994 08:49:37 GMT and more", "Sun, 06 Nov 1994 08:49:37 CET"}) {
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
    }
}

TEST(IfRange, WantsExactlyThatVersion) {
    const FileVersion version{.tag = "\"t\"", .modified = 784'111'777};
    const std::string date = format_http_date(version.modified);
    EXPECT_TRUE(range_counts("", version, 0));
    EXPECT_TRUE(range_counts("\"t\"", version, 0));
    EXPECT_FALSE(range_counts("W/\"t\"", version, 0));
    EXPECT_FALSE(range_counts("\"u\"", version, 0));
    EXPECT_TRUE(range_counts(date, version, version.modified + 2));
    EXPECT_FALSE(range_counts(date, version, version.modified + 1)) << "it may change again within that second";
    EXPECT_FALSE(range_counts(format_http_date(version.modified + 1), version, version.modified + 9));
}

std::string digest_of_abc(DigestKind kind) {
    Hasher hasher(kind);
    hasher.update(std::as_bytes(std::span("ab", 2)));
    EXPECT_FALSE(hasher.digest().empty());
    hasher.update(std::as_bytes(std::span("c", 1)));
    EXPECT_EQ(hasher.digest().kind, kind);
    return hasher.digest().hex;
}

// The examples of RFC 1321, FIPS 180-4 and RFC 7693.
TEST(Digest, AgreesWithTheStandards) {
    EXPECT_EQ(digest_of_abc(DigestKind::md5), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(digest_of_abc(DigestKind::sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(digest_of_abc(DigestKind::sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest_of_abc(DigestKind::sha512),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    EXPECT_EQ(digest_of_abc(DigestKind::blake2b),
              "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
              "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
    Hasher hasher;
    hasher.update(std::as_bytes(std::span("x", 1)));
    hasher.restart();
    EXPECT_EQ(hasher.digest().hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, IsReadInEverySpelling) {
    for (const char* name : {"sha-256", "SHA256", "sha256"}) EXPECT_EQ(digest_kind(name), DigestKind::sha256);
    EXPECT_EQ(digest_kind("sha-1"), DigestKind::sha1);
    EXPECT_EQ(digest_kind("blake2b-512"), DigestKind::blake2b);
    for (const char* name : {"", "sha", "sha-224", "crc32"}) EXPECT_EQ(digest_kind(name), std::nullopt) << name;
    EXPECT_EQ(parse_digest(DigestKind::md5, std::string(32, 'A'))->hex, std::string(32, 'a'));
    for (const auto& hex : {std::string(), std::string(31, 'a'), std::string(33, 'a'), std::string(32, 'g')}) {
        EXPECT_EQ(parse_digest(DigestKind::md5, hex), std::nullopt) << hex;
    }
}

TEST(TransferError, KnowsWhatMayPass) {
    using Kind = TransferOutcome::Kind;
    for (const long status : {408, 429, 500, 502, 503, 504})
        EXPECT_EQ(outcome_of_status(status).kind, Kind::transient) << status;
    for (const long status : {204, 304, 400, 401, 403, 404, 410})
        EXPECT_EQ(outcome_of_status(status).kind, Kind::permanent) << status;
    for (const CURLcode code :
         {CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_OPERATION_TIMEDOUT, CURLE_PARTIAL_FILE}) {
        const auto outcome = outcome_of_code(code, "", std::chrono::seconds(30));
        EXPECT_EQ(outcome.kind, Kind::transient) << code;
        EXPECT_NE(outcome.problem, "");
        EXPECT_NE(outcome.advice, "");
    }
    EXPECT_EQ(outcome_of_code(CURLE_PEER_FAILED_VERIFICATION, "", std::chrono::seconds(30)).kind, Kind::permanent);
    EXPECT_THAT(outcome_of_code(CURLE_OPERATION_TIMEDOUT, "", std::chrono::seconds(30)).problem, HasSubstr("30 s"));
}

TEST(HumanSize, HasThreeOrFourDigits) {
    EXPECT_EQ(human_size(0), "0 B");
    EXPECT_EQ(human_size(999), "999 B");
    EXPECT_EQ(human_size(1000), "1.0 kB");
    EXPECT_EQ(human_size(999'960), "1.0 MB");
    EXPECT_EQ(human_size(20'300'000), "20.3 MB");
}

BatchProgress three_files() {
    BatchProgress progress = make_progress(
        {{.url = "", .name = "done.bin"}, {.url = "", .name = "half.bin"}, {.url = "", .name = "waiting.bin"}});
    progress[0]->set_state(FileProgress::State::done);
    progress[0]->set_received(1000);
    progress[0]->set_total(1000);
    progress[1]->set_state(FileProgress::State::running);
    progress[1]->set_received(500);
    progress[1]->set_total(1000);
    return progress;
}

TEST(ProgressBars, ShowFilesUnderWayAndTheWhole) {
    const std::string bars = format_bars(three_files(), {100, 24}, Seconds(1), false);
    EXPECT_THAT(bars, Not(HasSubstr("done.bin")));
    EXPECT_THAT(bars, Not(HasSubstr("waiting.bin")));
    EXPECT_THAT(bars, HasSubstr("half.bin"));
    EXPECT_THAT(bars, HasSubstr("500 B of 1.0 kB"));
    EXPECT_THAT(bars, HasSubstr("1 of 3 files"));
    EXPECT_THAT(bars, HasSubstr("1.5 kB/s"));
    EXPECT_THAT(bars, Not(HasSubstr("\x1b")));
}

TEST(ProgressBars, FitTheTerminal) {
    BatchProgress progress;
    for (int i = 0; i < 50; ++i) {
        progress.push_back(
            std::make_unique<FileProgress>("caf\xC3\xA9-\xE6\x97\xA5\xE6\x9C\xAC-" + std::string(60, 'x')));
        progress.back()->set_state(FileProgress::State::running);
    }
    for (std::size_t columns = 1; columns < 300; ++columns) {
        std::istringstream bars(format_bars(progress, {columns, 10}, Seconds(1), false));
        int lines = 0;
        for (std::string line; std::getline(bars, line); ++lines) {
            EXPECT_LT(columns_of(line), std::max<std::size_t>(columns, 2)) << line;
        }
        EXPECT_LT(lines, 10);
    }
}

TEST(ProgressBars, ShowNamesAsWideAsTheTerminalAllows) {
    BatchProgress progress;
    for (const char* end : {"1.tar.gz", "2.tar.gz"}) {
        progress.push_back(
            std::make_unique<FileProgress>("a-rather-long-name-for-a-release-of-something-" + std::string(end)));
        progress.back()->set_state(FileProgress::State::running);
        progress.back()->set_received(500);
        progress.back()->set_total(1000);
    }
    EXPECT_THAT(format_bars(progress, {120, 24}, Seconds(1), false), HasSubstr(progress[0]->name));
    for (const std::size_t columns : {24UL, 40UL, 80UL}) {
        const std::string bars = format_bars(progress, {columns, 24}, Seconds(1), false);
        EXPECT_THAT(bars, HasSubstr("1.tar.gz")) << columns;
        EXPECT_THAT(bars, HasSubstr("2.tar.gz")) << columns;
        EXPECT_THAT(bars, HasSubstr(columns < 72 ? "50 %" : "500 B of 1.0 kB")) << columns;
    }
}

TEST(ProgressBars, AreColouredWhenAskedTo) {
    EXPECT_THAT(format_bars(three_files(), {100, 24}, Seconds(1), true), HasSubstr("\x1b[32m"));
}

TEST(Text, CountsColumns) {
    EXPECT_EQ(columns_of("abc"), 3U);
    EXPECT_EQ(columns_of("caf\xC3\xA9"), 4U);
    EXPECT_EQ(columns_of("e\xCC\x81"), 1U);                 // e and a combining acute
    EXPECT_EQ(columns_of("\xE6\x97\xA5\xE6\x9C\xAC"), 4U);  // two wide characters
    EXPECT_EQ(columns_of("\xF0\x9F\x98\x80"), 2U);          // an emoji
    EXPECT_EQ(columns_of("\xFF\xC3"), 2U);                  // no UTF-8
}

TEST(Text, IsMadeToFit) {
    EXPECT_EQ(fitted("abc", 5), "abc  ");
    EXPECT_EQ(fitted("abcdefghij", 7), "ab\xE2\x80\xA6ghij");
    EXPECT_EQ(fitted("abc", 1), "\xE2\x80\xA6");
    EXPECT_EQ(fitted("abc", 0), "");
    EXPECT_EQ(fitted("a\x1b\xFF", 3), "a??");
    const std::string wide = fitted("\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5", 4);
    EXPECT_EQ(columns_of(wide), 4U) << wide;
}

TEST(Suggestion, IsTheNearestWordIfOneIsNear) {
    const std::vector<std::string> known{"download", "serve", "checksum", "demo"};
    EXPECT_EQ(nearest_word("dowload", known), "download");
    EXPECT_EQ(nearest_word("donwload", known), "download");
    EXPECT_EQ(nearest_word("down", known), "download");
    EXPECT_EQ(nearest_word("server", known), "serve");
    EXPECT_EQ(nearest_word("dmeo", known), "demo");
    EXPECT_EQ(nearest_word("", known), "");
    EXPECT_EQ(nearest_word("upload-everything", known), "");
    EXPECT_EQ(nearest_word(std::string(100'000, 'x'), known), "");
}

}  // namespace
