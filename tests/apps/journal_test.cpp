// What the journal of downloads keeps, and what it survives.

#include "transfer/journal.hpp"

#include <gmock/gmock.h>

#include "apps/support/folder_contents.hpp"
#include "files/temporary_folder.hpp"

namespace {

using namespace command;
using namespace test;

JournalRecord sample(const std::string& name = "folder/\xff odd%\tname\n") {
    JournalRecord record;
    record.name = name;
    record.url = "http://host/a?x=%20";
    record.part = "folder/.a.12345678.part";
    record.arrived = {.size = 5,
                      .total = 10,
                      .entity_tag = "\"\xe4 tag\"",
                      .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT",
                      .encoding = "gzip",
                      .url = "http://mirror/a"};
    record.boot = "boot";
    record.whole = true;
    record.modified = -1'234'567'890'123'456'789;
    return record;
}

TEST(JournalRecord, ComesBackAsItWas) {
    const auto record = sample();
    const std::string line = format_record(record);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto back = parse_record(line);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->name, record.name);
    EXPECT_EQ(back->url, record.url);
    EXPECT_EQ(back->part, record.part);
    EXPECT_EQ(back->arrived.size, 5U);
    EXPECT_EQ(back->arrived.total, 10U);
    EXPECT_EQ(back->arrived.entity_tag, record.arrived.entity_tag);
    EXPECT_EQ(back->arrived.last_modified, record.arrived.last_modified);
    EXPECT_EQ(back->arrived.encoding, "gzip");
    EXPECT_EQ(back->arrived.url, record.arrived.url);
    EXPECT_EQ(back->boot, "boot");
    EXPECT_TRUE(back->describes(5, record.modified));
    EXPECT_FALSE(back->describes(5, record.modified + 1));
    EXPECT_FALSE(back->describes(6, record.modified));
    auto unknown_total = record;
    unknown_total.arrived.total.reset();
    EXPECT_EQ(parse_record(format_record(unknown_total))->arrived.total, std::nullopt);
}

TEST(JournalRecord, IsRefusedWhereABitIsWrongOrAByteMissing) {
    const std::string line = format_record(sample());
    for (std::size_t i = 0; i < line.size(); ++i) {
        for (const int bit : {1, 32}) {
            std::string damaged = line;
            damaged[i] = static_cast<char>(damaged[i] ^ bit);
            EXPECT_FALSE(parse_record(damaged)) << i;
        }
        EXPECT_FALSE(parse_record(line.substr(0, i))) << i;
    }
    EXPECT_FALSE(parse_record(line + "x"));
}

TEST(Journal, KnowsWhatEarlierRunsWrote) {
    const TemporaryFolder folder;
    for (int run = 0; run < 3; ++run) {
        Journal journal(folder.path());
        EXPECT_EQ(journal.find("a").has_value(), run > 0);
        auto record = sample("a");
        record.arrived.size = static_cast<std::uint64_t>(run);
        journal.put(record, true);
        EXPECT_EQ(journal.find("a")->arrived.size, record.arrived.size);
    }
    Journal journal(folder.path());
    EXPECT_EQ(journal.find("a")->arrived.size, 2U);
    journal.forget("a");
    EXPECT_TRUE(journal.find("a")->part.empty());
    EXPECT_EQ(journal.damaged(), 0U);
}

TEST(Journal, KnowsWhatAnotherRunWroteMeanwhile) {
    const TemporaryFolder folder;
    Journal one(folder.path());
    Journal two(folder.path());
    EXPECT_TRUE(one.lock("a"));
    EXPECT_FALSE(two.lock("a"));
    EXPECT_TRUE(two.lock("b")) << "names are locked, not the journal";
    one.put(sample("a"), false);
    two.put(sample("b"), false);
    one.unlock("a");
    EXPECT_TRUE(two.lock("a"));
    EXPECT_TRUE(two.find("a"));
    EXPECT_FALSE(one.lock("a"));
}

TEST(Journal, PassesOverWhatACutWriteLeft) {
    const TemporaryFolder folder;
    const auto path = folder.path() / Journal::file_name;
    Journal(folder.path()).put(sample("a"), false);
    const std::string text = read_file(path);
    write_file(path, text + text.substr(0, text.size() / 2));
    Journal(folder.path()).put(sample("b"), false);
    Journal journal(folder.path());
    EXPECT_EQ(journal.damaged(), 1U);
    EXPECT_TRUE(journal.find("a"));
    EXPECT_TRUE(journal.find("b"));
}

TEST(Journal, IsMadeShortOnceItIsLong) {
    const TemporaryFolder folder;
    const auto path = folder.path() / Journal::file_name;
    {
        Journal journal(folder.path());
        for (int i = 0; i < 2000; ++i) journal.put(sample(std::to_string(i % 10)), false);
    }
    const auto before = std::filesystem::file_size(path);
    const Journal kept(folder.path());
    EXPECT_LT(std::filesystem::file_size(path), before / 100);
    Journal journal(folder.path());
    EXPECT_EQ(journal.records().size(), 10U);
}

TEST(Journal, IsNotReplacedWhileAnotherRunHasIt) {
    const TemporaryFolder folder;
    Journal journal(folder.path());
    for (int i = 0; i < 2000; ++i) journal.put(sample("a"), false);
    const Journal other(folder.path());
    journal.put(sample("b"), false);
    EXPECT_TRUE(Journal(folder.path()).find("b"));
}

}  // namespace
