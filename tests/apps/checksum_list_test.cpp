#include "files/checksum_list.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "failure.hpp"

namespace {

using namespace command;
using testing::HasSubstr;

const std::string digest(64, 'a');

std::vector<ChecksumLine> read(const std::string& text) {
    std::istringstream input(text);
    return read_checksum_list(input, "LIST");
}

TEST(ChecksumList, WritesWhatSha256sumWrites) {
    EXPECT_EQ(format_checksum_line({digest, "dir/a b"}), digest + "  dir/a b\n");
    EXPECT_EQ(format_checksum_line({digest, "a\\b\nc\rd"}), "\\" + digest + "  a\\\\b\\nc\\rd\n");
}

TEST(ChecksumList, ReadsWhatItWrites) {
    for (const std::string path : {"a", " a ", "*a", "a\\b", "a\nb", "a\rb", "\\", "dir/a  b"}) {
        const auto lines = read(format_checksum_line({digest, path}));
        ASSERT_EQ(lines.size(), 1U) << path;
        EXPECT_EQ(lines[0].path, path);
        EXPECT_EQ(lines[0].digest, digest);
    }
}

TEST(ChecksumList, ReadsTheOtherSpellings) {
    const std::string upper(64, 'A');
    const auto lines = read("# comment\n\n" + upper + " *binary\nSHA256 (x (1) = y) = " + digest + "\r\n");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].digest, digest);
    EXPECT_EQ(lines[0].path, "binary");
    EXPECT_EQ(lines[1].path, "x (1) = y");
}

TEST(ChecksumList, NamesTheLineThatIsWrong) {
    const std::string short_digest(63, 'a');
    const std::string letters(64, 'g');
    for (const auto& line : {std::string("hello"), short_digest + "  a", letters + "  a", digest + "  ", digest + " a",
                             "\\" + digest + "  a\\x", "\\" + digest + "  a\\", "SHA256 (a) = " + short_digest}) {
        try {
            read(digest + "  good\n" + line + "\n");
            ADD_FAILURE() << "accepted: " << line;
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.code(), request_wrong);
            EXPECT_THAT(failure.what(), HasSubstr("LIST, line 2"));
        }
    }
}

}  // namespace
