#include "http/file_url.hpp"

#include <gmock/gmock.h>

#include "failure.hpp"

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
}

TEST(FileUrl, RefusesWhatIsNoUrl) {
    for (const char* url : {"", "host/a", "http://", "http://host:99999/a", "http://[::1/a", "http://host/a b",
                            "http://host/a\nb", "ftp://host/a", "file:///etc/passwd"}) {
        EXPECT_THROW(file_name_from_url(url), Failure) << url;
        EXPECT_THROW(file_name_from_url(url, "name"), Failure) << url;
    }
}

TEST(FileUrl, RefusesNamesThatLeaveTheFolder) {
    for (const char* url :
         {"http://host", "http://host/", "http://host/folder/", "http://host/folder/..", "http://host/%2e",
          "http://host/%2e%2e", "http://host/..%2fetc%2fpasswd", "http://host/%2Fetc%2Fpasswd", "http://host/a%00b",
          "http://host/a%0Ab", "http://host/%1b%5b31m", "http://host/%7f"}) {
        EXPECT_THROW(file_name_from_url(url), Failure) << url;
    }
    for (const std::string name : {"..", ".", "a/b", "/a", "a\nb"}) {
        EXPECT_THROW(file_name_from_url("http://host/a", name), Failure) << name;
    }
    EXPECT_EQ(file_name_from_url("http://host/" + std::string(255, 'a')).size(), 255U);
    EXPECT_THROW(file_name_from_url("http://host/" + std::string(256, 'a')), Failure);
}

}  // namespace
