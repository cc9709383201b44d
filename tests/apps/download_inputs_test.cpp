// What `threadwise download` is asked for: patterns, lists with options, Metalink files, mirrors, and a look at it all.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/support/download_fixture.hpp"
#include "apps/support/raw_server.hpp"
#include "base/failure.hpp"
#include "download/metalink.hpp"
#include "download/url_glob.hpp"
#include "download/url_list.hpp"

namespace {

using namespace test;
using command::DigestKind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The message of the failure that `action` ends with.
template <class Action>
std::string refusal(Action action) {
    try {
        action();
    } catch (const command::Failure& failure) {
        EXPECT_EQ(failure.code(), command::request_wrong);
        EXPECT_FALSE(failure.advice().empty());
        return failure.what();
    }
    return "accepted";
}

TEST(UrlGlob, StandsForSeveralUrls) {
    using command::expand_url;
    EXPECT_THAT(expand_url("http://h/a"), ElementsAre("http://h/a"));
    EXPECT_THAT(expand_url("http://{h,g}/a"), ElementsAre("http://h/a", "http://g/a"));
    EXPECT_THAT(expand_url("x[8-11]"), ElementsAre("x8", "x9", "x10", "x11"));
    EXPECT_THAT(expand_url("x[008-010].z"), ElementsAre("x008.z", "x009.z", "x010.z"));
    EXPECT_THAT(expand_url("[1-6:2]"), ElementsAre("1", "3", "5"));
    EXPECT_THAT(expand_url("[a-e:2]"), ElementsAre("a", "c", "e"));
    EXPECT_THAT(expand_url("[Y-Z]"), ElementsAre("Y", "Z"));
    EXPECT_THAT(expand_url("{a,}[1-2]"), ElementsAre("a1", "a2", "1", "2"));
    EXPECT_THAT(expand_url("[18446744073709551614-18446744073709551615]"),
                ElementsAre("18446744073709551614", "18446744073709551615"));
    EXPECT_THAT(expand_url("[1-9:18446744073709551615]"), ElementsAre("1"));
    EXPECT_THAT(expand_url("[a-z:18446744073709551615]"), ElementsAre("a"));
    EXPECT_EQ(expand_url("[1-1000][1-1000]").size(), 1'000'000U);
}

TEST(UrlGlob, LeavesWhatIsNoPattern) {
    for (const char* url : {"http://[::1]:80/a", "http://[fe80::1]/a", "h/?a[]=1&b={}", "h/a-b,c", "h/a\\b"}) {
        EXPECT_THAT(command::expand_url(url), ElementsAre(url));
    }
    EXPECT_THAT(command::expand_url("h/\\{a\\,b\\}\\[1-2\\]"), ElementsAre("h/{a,b}[1-2]"));
    EXPECT_THAT(command::expand_url("h/{a\\,b,c\\}}"), ElementsAre("h/a,b", "h/c}"));
}

TEST(UrlGlob, RefusesWhatItCannotRead) {
    for (const char* pattern : {"{a",
                                "a}",
                                "[1-2",
                                "1]",
                                "{a{b}}",
                                "{[1-2]}",
                                "[a]",
                                "[1]",
                                "[-]",
                                "[1-]",
                                "[-1]",
                                "[2-1]",
                                "[a-Z]",
                                "[z-a]",
                                "[1-a]",
                                "[aa-bb]",
                                "[1-5:0]",
                                "[1-5:]",
                                "[1-5:x]",
                                "[1-5:-1]",
                                "[0-1000000]",
                                "[1-1001][1-1000]",
                                "[1-18446744073709551616]",
                                "[0-18446744073709551615]",
                                "[000000000000000000001-2]"}) {
        EXPECT_THAT(refusal([&] { command::expand_url(pattern); }), HasSubstr(pattern)) << pattern;
    }
    EXPECT_THAT(refusal([] { command::expand_url("http://u:se[c]ret@h/[1-2]"); }), Not(HasSubstr("se[c]ret")));
}

std::vector<command::WantedFile> read_list(const std::string& text) {
    std::istringstream input(text);
    return command::read_url_list(input, "urls.txt");
}

TEST(UrlList, HasMirrorsInALine) {
    const auto wanted =
        read_list("http://h/a https://g/a\nhttp://h/b HTTP://g/b my name\nhttp://h/c d\thttp://g/c\te f\n");
    ASSERT_EQ(wanted.size(), 3U);
    EXPECT_THAT(wanted[0].mirrors, ElementsAre("https://g/a"));
    EXPECT_EQ(wanted[0].name, "");
    EXPECT_THAT(wanted[1].mirrors, ElementsAre("HTTP://g/b"));
    EXPECT_EQ(wanted[1].name, "my name");
    EXPECT_EQ(wanted[2].url, "http://h/c d");
    EXPECT_THAT(wanted[2].mirrors, ElementsAre("http://g/c"));
    EXPECT_EQ(wanted[2].name, "e f");
}

TEST(UrlList, HasOptionsOfEntries) {
    const auto wanted = read_list("http://h/a\r\n  out=sub/my name \r\n\tchecksum=sha-1=" + std::string(40, 'A') +
                                  "\r\n  http://h/b?c=d\n# comment\n checksum=blake2b=" + std::string(128, '1'));
    ASSERT_EQ(wanted.size(), 2U);
    EXPECT_EQ(wanted[0].name, "sub/my name");
    EXPECT_EQ(wanted[0].digest.kind, DigestKind::sha1);
    EXPECT_EQ(wanted[0].digest.hex, std::string(40, 'a'));
    EXPECT_EQ(wanted[1].url, "http://h/b?c=d");
    EXPECT_EQ(wanted[1].digest.kind, DigestKind::blake2b);
}

TEST(UrlList, RefusesOptionsThatAreWrong) {
    const auto refused = [](const std::string& text) { return refusal([&] { read_list(text); }); };
    EXPECT_THAT(refused(" out=a\nhttp://h/a"), HasSubstr("urls.txt, line 1: an option before any URL"));
    EXPECT_THAT(refused("http://h/a\n out=\n"), HasSubstr("urls.txt, line 2: out= names no file"));
    EXPECT_THAT(refused("http://h/a b\n out=c\n"), HasSubstr("line 2: a second name"));
    EXPECT_THAT(refused("http://h/a\n colour=red\n"), HasSubstr("no option \"colour\""));
    EXPECT_THAT(refused("http://h/a\n checksum=crc32=1\n"), HasSubstr("no kind of digest \"crc32\""));
    EXPECT_THAT(refused("http://h/a\n checksum=md5\n"), HasSubstr("no MD5 digest"));
    EXPECT_THAT(refused("http://h/a\n checksum=sha-256=12\n"), HasSubstr("no SHA-256 digest"));
    const std::string line = " checksum=md5=" + std::string(32, '0') + "\n";
    EXPECT_THAT(refused("http://h/a\n" + line + line), HasSubstr("line 3: a second digest"));
}

std::string metalink(const std::string& files) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metalink xmlns=\"urn:ietf:params:xml:ns:metalink\">\n" +
           files + "</metalink>\n";
}

TEST(Metalink, SaysNamesSizesDigestsAndMirrors) {
    const auto wanted = command::parse_metalink(
        metalink("<!-- a comment --><generator>x</generator><file name=\"sub/a &amp; b.iso\"><size> 14 </size>"
                 "<hash type=\"md5\">" +
                 std::string(32, '0') + "</hash><hash type=\"sha-256\">" + std::string(64, 'B') +
                 "</hash><hash type=\"sha-1\">" + std::string(40, '0') +
                 "</hash><hash type=\"crc\">1</hash>"
                 "<url>http://h/last</url><url priority=\"2\">ftp://h/a</url><url priority=\"2\">http://h/second</url>"
                 "<url location=\"de\" priority=\"1\">\n https://h/first \n</url><metaurl>http://h/a.torrent</metaurl>"
                 "</file><file name=\"b\"><url>http://h/b</url></file>"),
        "x.meta4");
    ASSERT_EQ(wanted.size(), 2U);
    EXPECT_EQ(wanted[0].name, "sub/a & b.iso");
    EXPECT_EQ(wanted[0].size, 14U);
    EXPECT_EQ(wanted[0].digest, (command::Digest{DigestKind::sha256, std::string(64, 'b')}));
    EXPECT_EQ(wanted[0].url, "https://h/first");
    EXPECT_THAT(wanted[0].mirrors, ElementsAre("http://h/second", "http://h/last"));
    EXPECT_TRUE(wanted[1].digest.empty());
    EXPECT_EQ(wanted[1].size, std::nullopt);
    EXPECT_EQ(command::parse_metalink("<m:metalink xmlns:m=\"urn:ietf:params:xml:ns:metalink\"><m:file name=\"a\">"
                                      "<m:url>http://h/a</m:url></m:file></m:metalink>",
                                      "x")
                  .size(),
              1U);
}

TEST(Metalink, RefusesWhatIsWrong) {
    const auto refused = [](const std::string& text) {
        return refusal([&] { command::parse_metalink(text, "x.meta4"); });
    };
    for (const char* text : {"", "no XML", "<metalink>", "<metalink></wrong>", "\xff\xfe"}) {
        EXPECT_THAT(refused(text), HasSubstr("x.meta4 is no")) << text;
    }
    EXPECT_THAT(refused("<html></html>"), HasSubstr("no Metalink file"));
    EXPECT_THAT(refused("<metalink version=\"3.0\"><files></files></metalink>"), HasSubstr("Metalink 3"));
    EXPECT_THAT(refused(metalink("")), HasSubstr("names no file"));
    EXPECT_THAT(refused(metalink("<file><url>http://h/a</url></file>")), HasSubstr("without a name"));
    EXPECT_THAT(refused(metalink("<file name=\"a\"><url>ftp://h/a</url></file>")), HasSubstr("no http or https URL"));
    const std::string url = "<url>http://h/a</url></file>";
    EXPECT_THAT(refused(metalink("<file name=\"a\"><size>-1</size>" + url)), HasSubstr("no number"));
    EXPECT_THAT(refused(metalink("<file name=\"a\"><hash type=\"md5\">12</hash>" + url)), HasSubstr("no MD5 digest"));
    for (const char* name : {"/etc/passwd", "../a", "a/../../b", "a//b", ".bashrc", "a/.ssh", "a&#10;b", "."}) {
        EXPECT_THAT(refused(metalink(fmt::format("<file name=\"{}\">{}", name, url))), HasSubstr("not allowed"))
            << name;
    }
}

// Entities that the document defines stay as they are written: nothing is read, nothing grows.
TEST(Metalink, FollowsNoEntities) {
    std::string types = "<!DOCTYPE metalink [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY f SYSTEM \"file:///etc/passwd\">";
    for (char c = 'b'; c < 'f'; ++c) {
        types += fmt::format("<!ENTITY {} \"", c);
        for (int i = 0; i < 10; ++i) types += fmt::format("&{};", static_cast<char>(c - 1));
        types += "\">";
    }
    const auto wanted = command::parse_metalink(
        types + "]><metalink><file name=\"&e;\"><url>http://h/&f;</url></file></metalink>", "x");
    ASSERT_EQ(wanted.size(), 1U);
    EXPECT_EQ(wanted[0].name, "&e;");
    EXPECT_EQ(wanted[0].url, "http://h/&f;");
}

TEST(Metalink, MayBeNestedDeeply) {
    constexpr int depth = 100'000;
    std::string text = "<metalink>";
    for (int i = 0; i < depth; ++i) text += "<a>";
    for (int i = 0; i < depth; ++i) text += "</a>";
    EXPECT_THAT(refusal([&] { command::parse_metalink(text + "</metalink>", "x"); }), HasSubstr("names no file"));
}

/// Two servers of one file. Each answers "/good" with the content, and other paths as its name says.
class DownloadMirrors : public Download {
public:
    static void answer(const std::string& request, const RawServer::Send& send) {
        const auto whole = [&](const std::string& body) {
            send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body));
        };
        if (request.starts_with("GET /good")) return whole(content);
        if (request.starts_with("GET /other")) return whole(std::string(content.size(), 'x'));
        if (request.starts_with("GET /longer")) return whole(content + "x");
        if (request.starts_with("GET /endless")) return send("HTTP/1.1 200 OK\r\n\r\n" + content + content);
        if (request.starts_with("GET /unannounced")) return send("HTTP/1.1 200 OK\r\n\r\n" + content.substr(9));
        if (request.starts_with("GET /tagged")) {
            return send(fmt::format("HTTP/1.1 200 OK\r\nETag: \"t\"\r\nContent-Length: {}\r\n\r\n{}", content.size(),
                                    std::string(content.size() / 2, 'x')));
        }
        if (request.starts_with("GET /cut")) {
            return send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nx", content.size()));
        }
        if (request.starts_with("GET /busy")) return send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }

    /// Downloads files as a Metalink file says, with size and digest: "0" from the first paths, "1" from the next ones.
    CommandResult download_from(const std::vector<std::vector<std::string>>& files) {
        std::string text;
        for (std::size_t i = 0; i < files.size(); ++i) {
            text += fmt::format("<file name=\"{}\"><size>{}</size><hash type=\"sha-256\">{}</hash>", i, content.size(),
                                digest_of(content));
            for (const auto& path : files[i]) text += "<url>" + server.url(path) + "</url>";
            text += "</file>";
        }
        write_file(scratch.path() / "a.meta4", metalink(text));
        return download({"--json", "--retries", "1", "-M", scratch.path() / "a.meta4"});
    }

    RawServer server{answer};
};

const std::vector<std::pair<std::string, std::string>> useless{
    {"/missing", "404"},
    {"/other", "SHA-256"},
    {"/longer", "50001 bytes, not 50000"},
    {"/endless", "more than"},
    {"/unannounced", "cut the file short"},
    {"/cut", "cut the file short"},
    {"/busy", "503"},
    {"/tagged", "cut the file short"},
};

TEST_F(DownloadMirrors, StandInForAUselessOne) {
    std::vector<std::vector<std::string>> files;
    for (const auto& [path, problem] : useless) files.push_back({path, "/good"});
    const auto result = download_from(files);
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(names_in(out).size(), useless.size());
    for (std::size_t i = 0; i < useless.size(); ++i) {
        EXPECT_TRUE(read_file(out / std::to_string(i)) == content) << useless[i].first;
    }
    EXPECT_THAT(result.errors, AllOf(HasSubstr(server.url("/missing") + ": the server answered 404"),
                                     HasSubstr(server.url("/other") + ": what arrived has the SHA-256"),
                                     HasSubstr(server.url("/longer") + ": the server's file has 50001 bytes")));
}

TEST_F(DownloadMirrors, ThatAreUselessLeaveNoFile) {
    std::vector<std::vector<std::string>> files;
    for (const auto& [path, problem] : useless) files.push_back({path});
    const auto result = download_from(files);
    EXPECT_EQ(result.code, 1);
    for (std::size_t i = 0; i < useless.size(); ++i) {
        EXPECT_THAT(result.errors,
                    testing::ContainsRegex(server.url(useless[i].first) + ": [^\n]*" + useless[i].second));
        EXPECT_FALSE(std::filesystem::exists(out / std::to_string(i))) << useless[i].first;
    }
    EXPECT_EQ(names_in(out).size(), 1U) << "what can be gone on with";
}

TEST_F(DownloadMirrors, AreTriedBeforeAnythingIsWaitedFor) {
    const auto path = list(fmt::format("{} {} {} {}", server.url("/busy"), server.url("/busy?2"), server.url("/cut"),
                                       server.url("/good")));
    const auto result = run_threadwise({"download", "--backoff", "30", "-d", out, "-i", path});
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(server.requests(), 4);
}

TEST_F(DownloadMirrors, AreAllNamedWhereNoneIsRight) {
    const auto result = download_from({{"/missing", "/other", "/longer"}});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(names_in(out), IsEmpty());
    const auto file = nlohmann::json::parse(result.output)["files"][0];
    ASSERT_EQ(file["dropped"].size(), 2U);
    EXPECT_EQ(file["dropped"][0]["url"], server.url("/missing"));
    EXPECT_THAT(file["dropped"][1]["what"].get<std::string>(), HasSubstr("SHA-256"));
    EXPECT_THAT(file["error"]["what"].get<std::string>(), HasSubstr("50001"));
}

TEST_F(DownloadMirrors, StandInListsToo) {
    const auto result =
        download({"-i", list(fmt::format("{} {}\n  out=deep/b\n  checksum=sha-256={}\n", server.url("/other"),
                                         server.url("/good"), digest_of(content)))});
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_TRUE(read_file(out / "deep" / "b") == content);
}

// The bytes of one and the rest of another would have the right length.
TEST_F(DownloadMirrors, AreNeverJoined) {
    const std::string other(content.size(), 'x');
    RawServer tagged([&](const std::string& request, const RawServer::Send& send) {
        const std::string& body = request.starts_with("GET /one") ? content : other;
        const bool for_rest = request.find("\r\nRange: bytes=20000-") != std::string::npos;
        if (for_rest && request.starts_with("GET /one")) {
            send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        } else if (for_rest) {
            send(
                fmt::format("HTTP/1.1 206 Part\r\nETag: \"t\"\r\nContent-Range: bytes 20000-49999/50000\r\n"
                            "Content-Length: 30000\r\n\r\n{}",
                            body.substr(20'000)));
        } else {
            send("HTTP/1.1 200 OK\r\nETag: \"t\"\r\nContent-Length: 50000\r\n\r\n" + body.substr(0, 20'000));
        }
    });
    EXPECT_EQ(download({"-i", list(tagged.url("/one") + " " + tagged.url("/two") + " a")}).code, 0);
    EXPECT_TRUE(read_file(out / "a") == other);
    EXPECT_EQ(tagged.requests(), 4) << "one, its rest, two, its rest";
}

TEST_F(Download, FetchesWhatAPatternStandsFor) {
    RawServer server([](const std::string& request, const RawServer::Send& send) {
        send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n{}", request.substr(4, 6)));
    });
    EXPECT_EQ(download({server.url("/{x,y}[08-10]z")}).code, 0);
    EXPECT_THAT(names_in(out), ElementsAre("x08z", "x09z", "x10z", "y08z", "y09z", "y10z"));
    EXPECT_EQ(read_file(out / "y09z"), "/y09z ");
    EXPECT_EQ(download({"-g", server.url("/[a]")}).code, 0);
    EXPECT_EQ(read_file(out / "[a]"), "/[a] H");
}

TEST_F(Download, SaysWhatItWouldFetch) {
    const std::string url = "http://user:secret@127.0.0.1:9/";
    const auto path = list(url + "a " + url + "m\n out=b\n checksum=md5=" + std::string(32, '0') + "\n" + url + "c\n");
    auto result = download({"--dry-run", "-i", path, url + "{d,e}"});
    EXPECT_EQ(result.code, 0);
    EXPECT_FALSE(std::filesystem::exists(out));
    EXPECT_THAT(result.output, AllOf(HasSubstr((out / "b").string() + " from http://***@127.0.0.1:9/a or http://***@"),
                                     HasSubstr("the MD5 0000"), HasSubstr("/e\n"), Not(HasSubstr("secret"))));
    std::filesystem::create_directory(out);
    write_file(out / "c", "");
    result = download({"--dry-run", "--json", "-i", path});
    const auto files = nlohmann::json::parse(result.output)["files"];
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0]["mirrors"][0], "http://***@127.0.0.1:9/m");
    EXPECT_EQ(files[0]["md5"], std::string(32, '0'));
    EXPECT_EQ(files[0]["exists"], false);
    EXPECT_EQ(files[1]["exists"], true);
    EXPECT_THAT(names_in(out), ElementsAre("c"));
    EXPECT_FALSE(std::filesystem::exists(out / ".threadwise-downloads"));
}

}  // namespace
