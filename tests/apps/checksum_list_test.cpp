// Reading and writing lists of SHA-256 digests. What is accepted is what sha256sum accepts.

#include "files/checksum_list.hpp"

#include <gmock/gmock.h>

#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace command;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string digest(64, 'a');

ChecksumList read_list(const std::string& text) {
    std::istringstream input(text);
    return read_checksum_list(input);
}

/// The lines of a list in which none is malformed.
std::vector<ChecksumLine> read(const std::string& text) {
    const ChecksumList list = read_list(text);
    EXPECT_THAT(list.malformed, IsEmpty()) << text;
    return list.lines;
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

TEST(ChecksumList, ReadsTheOtherFormsOfALine) {
    const std::string upper(64, 'A');
    const auto lines = read("# comment\n\n" + upper + " *binary\nSHA256 (x (1) = y) = " + digest + "\r\n");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].digest, digest);
    EXPECT_EQ(lines[0].path, "binary");
    EXPECT_EQ(lines[1].path, "x (1) = y");
}

TEST(ChecksumList, AllowsBlanksWhereSha256sumDoes) {
    const std::string byte_order_mark = "\xEF\xBB\xBF";
    const auto path_in = [](const std::string& line) {
        const auto lines = read(line + "\n");
        return lines.empty() ? "" : lines.front().path;
    };
    for (const auto& line : {"  " + digest + "  a", "\t" + digest + " *a", digest + "\t a", digest + "\ta",
                             digest + " a", "SHA256(a)= " + digest, "SHA256  (a)  =  " + digest,
                             "SHA256 (a)=" + digest + " ", byte_order_mark + digest + "  a"}) {
        EXPECT_EQ(path_in(line), "a") << line;
    }
    EXPECT_EQ(path_in(digest + "   a "), " a ");
}

// The first line shows how many blanks a list has: with one, the second of two belongs to the path; with two, a line
// with one is malformed.
TEST(ChecksumList, TellsListsWithOneBlankFromThoseWithTwo) {
    const auto one = read(digest + " a\n" + digest + "  b\n");
    ASSERT_EQ(one.size(), 2U);
    EXPECT_EQ(one[1].path, " b");
    EXPECT_THAT(read_list(digest + "  b\n" + digest + " a\n").malformed, ElementsAre(2));
}

TEST(ChecksumList, SkipsAndReportsMalformedLines) {
    const std::string short_digest(63, 'a');
    const std::string letters(64, 'g');
    for (const auto& line :
         {std::string("hello"), short_digest + "  a", letters + "  a", digest, digest + " ", digest + "  ",
          digest + " a", "\\" + digest + "  a\\x", "\\" + digest + "  a\\", "SHA256 (a) = " + short_digest,
          "SHA256 () = " + digest, "SHA256 (a = " + digest, "SHA256 a) = " + digest, "SHA256 (a) " + digest,
          std::string("-----BEGIN PGP SIGNATURE-----")}) {
        const ChecksumList list = read_list(digest + "  good\n" + line + "\n" + digest + "  better\n");
        EXPECT_EQ(list.lines.size(), 2U) << line;
        EXPECT_THAT(list.malformed, ElementsAre(2)) << line;
    }
    EXPECT_EQ(describe_malformed({{}, {3}}, "LIST"), "LIST, line 3: not a SHA-256 digest and a file name");
    EXPECT_THAT(describe_malformed({{}, {3, 5, 6}}, "LIST"), HasSubstr("LIST, line 3 and 2 more"));
}

}  // namespace
