// The parts of the command that compute something small.

#include <gmock/gmock.h>

#include <random>
#include <sstream>

#include "files/sha256.hpp"
#include "http/backoff.hpp"
#include "http/byte_range.hpp"
#include "http/transfer_error.hpp"
#include "terminal/progress_bars.hpp"
#include "terminal/sizes.hpp"
#include "terminal/suggestion.hpp"
#include "terminal/text.hpp"

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
    const auto resolve = [](std::int64_t first, std::int64_t last, std::uint64_t size) {
        const auto range = resolve_range(first, last, size);
        return range ? std::pair<std::int64_t, std::int64_t>(range->begin, range->end)
                     : std::pair<std::int64_t, std::int64_t>(-1, -1);
    };
    const std::pair<std::int64_t, std::int64_t> none(-1, -1);
    EXPECT_EQ(resolve(0, 9, 100), std::pair(0L, 10L));
    EXPECT_EQ(resolve(90, -1, 100), std::pair(90L, 100L));
    EXPECT_EQ(resolve(-1, 10, 100), std::pair(90L, 100L));
    EXPECT_EQ(resolve(50, 1000, 100), std::pair(50L, 100L));
    EXPECT_EQ(resolve(-1, 1000, 100), std::pair(0L, 100L));
    EXPECT_EQ(resolve(99, 99, 100), std::pair(99L, 100L));
    EXPECT_EQ(resolve(100, -1, 100), none);
    EXPECT_EQ(resolve(100, 200, 100), none);
    EXPECT_EQ(resolve(-1, 0, 100), none);
    EXPECT_EQ(resolve(-1, -1, 100), none);
    EXPECT_EQ(resolve(0, -1, 0), none);
    EXPECT_EQ(resolve(-1, 5, 0), none);
}

// The examples of FIPS 180-4.
TEST(Sha256, AgreesWithTheStandard) {
    Sha256 digest;
    EXPECT_EQ(digest.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest.update(std::as_bytes(std::span("abc", 3)));
    EXPECT_EQ(digest.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest.restart();
    digest.update(std::as_bytes(std::span("ab", 2)));
    EXPECT_NE(digest.hex(), "");
    digest.update(std::as_bytes(std::span("c", 1)));
    EXPECT_EQ(digest.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
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
    BatchProgress progress = make_progress({{"", "done.bin", ""}, {"", "half.bin", ""}, {"", "waiting.bin", ""}});
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
