// `threadwise download` where a connection broke, and the server's next answer is not simply the rest: the file is
// right or not there, and only a right one gives 0.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "apps/support/download_fixture.hpp"
#include "apps/support/raw_server.hpp"

namespace {

using namespace test;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t cut = 20'000;

std::string whole(const std::string& body = content, const std::string& tag = "\"one\"") {
    return fmt::format("HTTP/1.1 200 OK\r\nETag: {}\r\nContent-Length: {}\r\n\r\n{}", tag, body.size(), body);
}

std::string cut_whole() { return whole().substr(0, whole().size() - content.size() + cut); }

bool asks_for_rest(const std::string& request) { return request.find("\r\nRange: ") != std::string::npos; }

// Where the rest that `request` asks for begins.
std::size_t start_of(const std::string& request) {
    const std::string range = "\r\nRange: bytes=";
    return std::stoul(request.substr(request.find(range) + range.size()));
}

std::string part(const std::string& range, const std::string& fields, const std::string& body) {
    return fmt::format("HTTP/1.1 206 Partial Content\r\nContent-Range: {}\r\n{}\r\n{}", range, fields, body);
}

std::string chunked(const std::string& body) { return fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", body.size(), body); }

class DownloadResume : public Download {
public:
    /// The first request is cut, `rest` answers requests for the rest, and every other one gets the whole file.
    static RawServer::Answer cut_then(const std::string& rest) {
        return [rest, first = std::make_shared<std::atomic<bool>>(true)](const std::string& request, const auto& send) {
            if (asks_for_rest(request)) return send(rest);
            send(first->exchange(false) ? cut_whole() : whole());
        };
    }
};

TEST_F(DownloadResume, StartsOverWhereThePartCannotBeJoined) {
    const std::string rest = content.substr(cut);
    const std::string length = fmt::format("Content-Length: {}\r\n", rest.size());
    const std::string tag = "ETag: \"one\"\r\n";
    const std::string range = "bytes 20000-49999/50000";
    const std::string other(rest.size(), 'x');
    const std::vector<std::pair<const char*, std::string>> answers{
        {"another tag", part(range, "ETag: \"two\"\r\n" + length, other)},
        {"weak tag", part(range, "ETag: W/\"one\"\r\n" + length, other)},
        {"no tag", part(range, length, other)},
        {"another total", part("bytes 20000-49999/60000", tag + length, other)},
        {"smaller file", part("bytes 20000-29999/30000", tag + "Content-Length: 10000\r\n", other.substr(0, 10'000))},
        {"another start", part("bytes 20001-49999/50000", tag + "Content-Length: 29999\r\n", other.substr(1))},
        {"longer body", part(range, tag + "Content-Length: 31000\r\n", other + std::string(1000, 'y'))},
        {"shorter body", part(range, tag + "Content-Length: 5000\r\n", other.substr(0, 5000))},
        {"longer chunks", part(range, tag + "Transfer-Encoding: chunked\r\n", chunked(other + "more"))},
        {"longer until closed", part(range, tag, other + "more")},
        {"no Content-Range", "HTTP/1.1 206 Partial Content\r\n" + tag + length + "\r\n" + other},
        {"two Content-Ranges", part(range, "Content-Range: " + range + "\r\n" + tag + length, other)},
        {"several parts", part(range, tag + length + "Content-Type: multipart/byteranges; boundary=b\r\n", other)},
        {"encoded", part(range, tag + length + "Content-Encoding: gzip\r\n", other)},
        {"gone", "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */50000\r\nContent-Length: 0\r\n\r\n"},
        {"no ranges", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"},
        {"no file", "HTTP/1.1 203 Non-Authoritative Information\r\nContent-Length: 2\r\n\r\nno"},
    };
    for (const auto& [what, answer] : answers) {
        std::filesystem::remove_all(out);
        RawServer server(cut_then(answer));
        const auto result = download({"--retries", "1", server.url("/a")});
        EXPECT_EQ(result.code, 0) << what << ": " << result.errors;
        EXPECT_TRUE(read_file(out / "a") == content) << what;
        EXPECT_EQ(server.requests(), 3) << what;
    }
}

TEST_F(DownloadResume, AsksOnWhereThePartIsShorterThanTheRest) {
    for (const bool knows_total : {true, false}) {
        std::filesystem::remove_all(out);
        std::atomic<bool> first = true;
        RawServer server([&](const std::string& request, const RawServer::Send& send) {
            if (first.exchange(false)) return send(cut_whole());
            const auto start = start_of(request);
            const std::string body = content.substr(start, 4000);
            send(part(fmt::format("bytes {}-{}/{}", start, start + body.size() - 1, knows_total ? "50000" : "*"),
                      fmt::format("ETag: \"one\"\r\nContent-Length: {}\r\n", body.size()), body));
        });
        const auto result = download({"--retries", "1", "--json", server.url("/a")});
        EXPECT_EQ(result.code, 0) << result.errors;
        EXPECT_TRUE(read_file(out / "a") == content);
        EXPECT_EQ(server.requests(), 9) << "short parts are no failures";
        EXPECT_EQ(nlohmann::json::parse(result.output)["files"][0]["bytes"], content.size());
    }
}

TEST_F(DownloadResume, AsksOnWhereThePartIsCutToo) {
    RawServer server([](const std::string& request, const RawServer::Send& send) {
        if (!asks_for_rest(request)) return send(cut_whole());
        const auto start = start_of(request);
        const auto answer =
            part(fmt::format("bytes {}-49999/50000", start),
                 fmt::format("ETag: \"one\"\r\nContent-Length: {}\r\n", 50'000 - start), content.substr(start, 10'000));
        send(answer);
    });
    EXPECT_EQ(download({"--retries", "1", server.url("/a")}).code, 0);
    EXPECT_TRUE(read_file(out / "a") == content);
    EXPECT_EQ(server.requests(), 4);
}

TEST_F(DownloadResume, TakesTheNewVersionWhole) {
    const std::string newer(30'000, 'n');
    RawServer server([&](const std::string& request, const RawServer::Send& send) {
        send(asks_for_rest(request) ? whole(newer, "\"two\"") : cut_whole());
    });
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_EQ(read_file(out / "a"), newer);
}

TEST_F(DownloadResume, RemembersTheSizeThatTheNextAnswerKeepsBack) {
    RawServer server([&](const std::string& request, const RawServer::Send& send) {
        if (!asks_for_rest(request)) return send(cut_whole());
        send("HTTP/1.1 200 OK\r\nETag: \"one\"\r\n\r\n" + content.substr(0, 30'000));
    });
    const auto result = download({"--retries", "1", server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("30000 bytes came, 50000 were announced"));
    EXPECT_FALSE(std::filesystem::exists(out / "a"));
}

TEST_F(DownloadResume, RefusesAPartWhereAllWasAskedFor) {
    RawServer server(part("bytes 0-49999/50000", "ETag: \"one\"\r\nContent-Length: 50000\r\n", content));
    const auto result = download({"--retries", "1", server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("206"));
    EXPECT_THAT(names_in(out), IsEmpty());
    EXPECT_EQ(server.requests(), 2);
}

// A redirection to `place` for /a; there, the content under the tag "one", cut at the first request.
class DownloadRedirected : public DownloadResume {
public:
    static bool is_for(const std::string& request, const std::string& path) {
        return request.starts_with("GET " + path + " ");
    }
    static std::string redirect(const std::string& place) {
        return "HTTP/1.1 302 Found\r\nLocation: " + place + "\r\nContent-Length: 0\r\n\r\n";
    }
    static std::string rest_from(const std::string& request) {
        const auto start = start_of(request);
        return part(fmt::format("bytes {}-49999/50000", start),
                    fmt::format("ETag: \"one\"\r\nContent-Length: {}\r\n", 50'000 - start), content.substr(start));
    }
};

TEST_F(DownloadRedirected, AsksForTheRestWhereTheBytesCameFrom) {
    std::atomic<int> redirections = 0;
    RawServer server([&](const std::string& request, const RawServer::Send& send) {
        if (is_for(request, "/a")) return send(redirect(fmt::format("/place?{}", redirections++)));
        send(asks_for_rest(request) ? rest_from(request) : cut_whole());
    });
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_TRUE(read_file(out / "a") == content);
    EXPECT_EQ(redirections, 1);
    EXPECT_EQ(server.requests(), 3);
}

TEST_F(DownloadRedirected, StartsOverWhereThatPlaceIsGone) {
    std::atomic<int> redirections = 0;
    RawServer server([&](const std::string& request, const RawServer::Send& send) {
        if (is_for(request, "/a")) return send(redirect(fmt::format("/place?{}", redirections++)));
        if (is_for(request, "/place?1")) return send(whole());
        send(asks_for_rest(request) ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" : cut_whole());
    });
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_TRUE(read_file(out / "a") == content);
    EXPECT_EQ(redirections, 2);
}

TEST_F(DownloadRedirected, JoinsNoPartsOfTwoPlaces) {
    const std::string other(content.size(), 'x');
    std::atomic<int> redirections = 0;
    RawServer server([&](const std::string& request, const RawServer::Send& send) {
        if (is_for(request, "/a")) return send(redirect(redirections++ == 0 ? "/one" : "/two"));
        if (is_for(request, "/one")) {
            // The rest is not to be had here for now, so that the redirection is asked again.
            return send(asks_for_rest(request) ? "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" : cut_whole());
        }
        if (!asks_for_rest(request)) return send(whole(other));
        send(part("bytes 20000-49999/50000", "ETag: \"one\"\r\nContent-Length: 30000\r\n", other.substr(20'000)));
    });
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_TRUE(read_file(out / "a") == other);
}

}  // namespace
