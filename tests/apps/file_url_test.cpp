#include "http/file_url.hpp"

#include <gmock/gmock.h>

#include "base/failure.hpp"

namespace {

using namespace command;

TEST(FileUrl, NamesTheFileAfterTheLastPartOfThePath) {
    EXPECT_EQ(file_name_from_url("http://host/a.bin"), "a.bin");
    EXPECT_EQ(file_name_from_url("https://host:8443/folder/a.bin?version=2#part"), "a.bin");
    EXPECT_EQ(file_name_from_url("http://user:word@[::1]:80/x/../y"), "y");
    EXPECT_EQ(file_name_from_url("HTTP://host/a"), "a");
}

TEST(FileUrl, DecodesPercentSigns) {
    EXPECT_EQ(file_name_from_url("http://host/two%20words"), "two words");
    EXPECT_EQ(file_name_from_url("http://host/caf%C3%A9"), "caf\xC3\xA9");
    EXPECT_EQ(file_name_from_url("http://host/100%25"), "100%");
    EXPECT_EQ(file_name_from_url("http://host/%2e%2e%2e"), "...");
}

TEST(FileUrl, PrefersTheNameThatIsGiven) {
    EXPECT_EQ(file_name_from_url("http://host/", "index.html"), "index.html");
    EXPECT_EQ(file_name_from_url("http://host/a", "b"), "b");
    EXPECT_EQ(file_name_from_url("http://host/a", "folder/b"), "folder/b");
}

TEST(FileUrl, EncodesWhatMustBe) {
    EXPECT_EQ(parse_file_url("http://host/a b").url, "http://host/a%20b");
    EXPECT_EQ(parse_file_url(" http://host/caf\xC3\xA9?q=\xC3\xA9 x\n").url, "http://host/caf%C3%A9?q=%C3%A9%20x");
    EXPECT_EQ(parse_file_url("http://host/a%20b%C3%A9").url, "http://host/a%20b%C3%A9");
    EXPECT_EQ(file_name_from_url("http://host/my caf\xC3\xA9"), "my caf\xC3\xA9");
    EXPECT_THROW(parse_file_url("http://ho st/a"), Failure);
    EXPECT_THROW(parse_file_url(std::string_view("http://host/a\0b", 15)), Failure);
}

TEST(FileUrl, IsTakenApart) {
    const FileUrl url = parse_file_url("http://user:word@host:81/x//y/%7Ez/a?b#c");
    EXPECT_EQ(url.host, "host:81");
    EXPECT_EQ(url.path, (std::vector<std::string>{"x", "y", "~z", "a"}));
    EXPECT_EQ(parse_file_url("http://host").path, std::vector<std::string>{""});
    EXPECT_EQ(parse_file_url("http://host/x/").path, (std::vector<std::string>{"x", ""}));
}

TEST(FileUrl, IsSplitIntoWhatIsSentAndWhatIsPrivate) {
    const auto url = parse_file_url("HTTPS://us%40er:p%3Aw@Host/a b?c#d");
    EXPECT_EQ(url.plain_url, "https://Host/a%20b?c");
    EXPECT_EQ(url.user, "us@er");
    EXPECT_EQ(url.password, "p:w");
    EXPECT_EQ(url.origin, "https://host:443");
    EXPECT_EQ(parse_file_url("http://h:80/").origin, parse_file_url("http://H/a").origin);
    EXPECT_NE(parse_file_url("http://h:81/").origin, parse_file_url("http://h/").origin);
    EXPECT_NE(parse_file_url("https://h/").origin, parse_file_url("http://h/").origin);
}

TEST(FileUrl, LeadsToOthers) {
    EXPECT_EQ(resolved_url("http://h/a/b?c", "d"), "http://h/a/d");
    EXPECT_EQ(resolved_url("http://h/a/b", "/c d"), "http://h/c%20d");
    EXPECT_EQ(resolved_url("http://h/a/b", "../../../c"), "http://h/c");
    EXPECT_EQ(resolved_url("https://h/a", "//g/b"), "https://g/b");
    EXPECT_EQ(resolved_url("http://h/a", "?x"), "http://h/a?x");
    EXPECT_EQ(resolved_url("http://h/a", "https://g:1/b"), "https://g:1/b");
    EXPECT_EQ(resolved_url("http://h/a", "file:///etc/passwd"), "file:///etc/passwd");
    EXPECT_EQ(resolved_url("http://h/a", "http://[::1/"), "http://[::1/");
}

TEST(FileUrl, ShowsNoPassword) {
    for (const auto& [url, shown] : std::vector<std::pair<std::string, std::string>>{
             {"http://host/a", "http://host/a"},
             {"http://user:secret@host/a", "http://***@host/a"},
             {"http://token@host:80/a?x=y@z", "http://***@host:80/a?x=y@z"},
             {"http://host:80/a@b", "http://host:80/a@b"},
             {"http://[::1]:80/a@b", "http://[::1]:80/a@b"},
             {"http://user:sec@ret@host/a", "http://***@host/a"},
             {"http://user:sec/ret@host/a", "http://***@host/a"},
             {"http://user:sec#r?t@host", "http://***@host"},
             {"user:secret@host/a", "***@host/a"},
             {"ht!tp://user:se cret@ho st:99999/a", "ht!tp://***@ho st:99999/a"},
             {"", ""}}) {
        EXPECT_EQ(url_without_password(url), shown);
        EXPECT_EQ(url_for_messages(url), shown);
    }
    EXPECT_LT(url_for_messages("http://host/" + std::string(100'000, 'a')).size(), 500U);
    for (const std::string url : {"http://user:secret@host:99999/a", "http://user:secret@host/", "user:secret@host/a",
                                  "http://user:sec ret@host/", "ftp://user:secret@host/a"}) {
        try {
            file_name_from_url(url);
            ADD_FAILURE() << url;
        } catch (const Failure& failure) {
            EXPECT_EQ(std::string(failure.what()).find("sec"), std::string::npos) << failure.what();
        }
    }
}

TEST(FileUrl, RefusesWhatIsNoUrl) {
    for (const char* url : {"", "host/a", "http://", "http://host:99999/a", "http://[::1/a", "http://host/a\nb",
                            "ftp://host/a", "file:///etc/passwd"}) {
        EXPECT_THROW(file_name_from_url(url), Failure) << url;
        EXPECT_THROW(file_name_from_url(url, "name"), Failure) << url;
    }
}

TEST(FileUrl, RefusesNamesThatLeaveTheFolder) {
    for (const char* url :
         {"http://host", "http://host/", "http://host/folder/", "http://host/folder/..", "http://host/%2e",
          "http://host/%2e%2e", "http://host/..%2fetc%2fpasswd", "http://host/%2Fetc%2Fpasswd", "http://host/a%00b",
          "http://host/a%0Ab", "http://host/%C2%9B31m", "http://host/%1b%5b31m", "http://host/%7f"}) {
        EXPECT_THROW(file_name_from_url(url), Failure) << url;
    }
    for (const std::string name : {"..", ".", "/a", "a/", "a//b", "../a", "a/../../b", "a/.", "a\nb", "a/b\x1b[31m"}) {
        EXPECT_THROW(file_name_from_url("http://host/a", name), Failure) << name;
    }
    EXPECT_EQ(file_name_from_url("http://host/" + std::string(255, 'a')).size(), 255U);
    EXPECT_THROW(file_name_from_url("http://host/" + std::string(256, 'a')), Failure);
}

}  // namespace
