// `threadwise download` against servers that speak HTTP badly: a file is whole or not there, and an error says why not.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "apps/support/download_fixture.hpp"
#include "apps/support/raw_server.hpp"
#include "http/silence.hpp"
#include "threadwise/event.hpp"

namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class DownloadAnswers : public Download {
public:
    /// Downloads from a server that always answers so; what the command says about it.
    std::string problem_with(const std::string& answer, const std::string& path = "/a") {
        RawServer server(answer);
        const auto result = download({"--retries", "1", server.url(path)});
        EXPECT_EQ(result.code, 1) << answer.substr(0, 200);
        EXPECT_THAT(names_in(out), IsEmpty()) << answer.substr(0, 200);
        return result.errors;
    }
};

TEST_F(DownloadAnswers, LengthThatIsNoSizeIsRefused) {
    for (const std::string length :
         {"-5", "5x", "5 5", "0x5", "5.0", "99999999999999999999999", "9223372036854775808"}) {
        problem_with("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\nhello");
    }
    EXPECT_THAT(problem_with("HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello"),
                AllOf(HasSubstr("Content-Length"), HasSubstr("\"5x\"")));
    EXPECT_THAT(problem_with("HTTP/1.1 200 OK\r\nContent-Length: 0x\r\n\r\n"), HasSubstr("\"0x\""));
    EXPECT_THAT(problem_with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello"),
                HasSubstr("\"3, 5\""));
}

TEST_F(DownloadAnswers, LengthThatIsSaidTwiceIsTaken) {
    RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_EQ(read_file(out / "a"), "hello");
}

TEST_F(DownloadAnswers, BodyThatEndsEarlyIsNoFile) {
    const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_THAT(problem_with("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello"), HasSubstr("cut the file short"));
    EXPECT_THAT(problem_with(chunks + "5\r\nhel"), HasSubstr("cut the file short"));
    EXPECT_THAT(problem_with(chunks + "5\r\nhello\r\n"), HasSubstr("cut the file short"));
    EXPECT_THAT(problem_with(chunks + "5\r\nhello\r\n0\r\n"), HasSubstr("cut the file short"));
    problem_with(chunks + "5\r\nhello\r\nnonsense\r\n");
    problem_with(chunks + "-5\r\nhello\r\n0\r\n\r\n");
    for (const char* header : {"HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5",
                               "HTTP/1.1 200 OK\r\nX: y\r\n", "HTTP/1.1 200 OK\r\nX: y\r\n\r"}) {
        problem_with(header);
    }
    problem_with("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n");
    problem_with("");
}

TEST_F(DownloadAnswers, ChunksThatContradictTheLengthAreNoFile) {
    const std::string header = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: {}\r\n\r\n{}";
    const std::string body = "5\r\nhello\r\n0\r\n\r\n";
    EXPECT_THAT(problem_with(fmt::format(fmt::runtime(header), 6, body)), HasSubstr("6 were announced"));
    EXPECT_THAT(problem_with(fmt::format(fmt::runtime(header), 4, body)), HasSubstr("more than it announced"));
    RawServer server(fmt::format(fmt::runtime(header), 5, body));
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_EQ(read_file(out / "a"), "hello");
}

TEST_F(DownloadAnswers, ChunksMayHaveATrailer) {
    RawServer server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n");
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_EQ(read_file(out / "a"), "hello");
}

TEST_F(DownloadAnswers, WithoutALengthTheEndOfTheConnectionIsTheEnd) {
    RawServer server("HTTP/1.0 200 OK\r\n\r\nhello");
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_EQ(read_file(out / "a"), "hello");
}

TEST_F(DownloadAnswers, WhatIsNotHttpIsRefused) {
    EXPECT_THAT(problem_with("hello, I am a file\n"), HasSubstr("does not speak HTTP"));
    problem_with("SSH-2.0-OpenSSH_9.2\r\n");
    problem_with("HTTP/1.1 banana\r\n\r\nhello");
    problem_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: banana\r\n\r\nhello");
    problem_with(std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\nhello", 32));
}

TEST_F(DownloadAnswers, EncodedBodyIsRefusedUnlessTheNameTellsSo) {
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello";
    EXPECT_THAT(problem_with(answer), HasSubstr("Content-Encoding: gzip"));
    RawServer server([&](const std::string& request, const RawServer::Send& send) {
        EXPECT_THAT(request, HasSubstr("\r\nAccept-Encoding: identity\r\n"));
        send(answer);
    });
    EXPECT_EQ(download({server.url("/a.tar.gz")}).code, 0);
    EXPECT_EQ(read_file(out / "a.tar.gz"), "hello");
}

TEST_F(DownloadAnswers, RedirectionMustLeadToHttp) {
    const auto redirect = [](const std::string& place) {
        return "HTTP/1.1 302 Found\r\n" + (place.empty() ? "" : "Location: " + place + "\r\n") +
               "Content-Length: 5\r\n\r\nhello";
    };
    for (const char* place : {"", "file:///etc/passwd", "ftp://127.0.0.1/a", "http://", "http://[::1/", "/a"}) {
        problem_with(redirect(place));
    }
    EXPECT_THAT(problem_with(redirect("/a")), HasSubstr("more than 10 times"));
}

TEST_F(DownloadAnswers, RetryAfterThatMakesNoSenseIsIgnored) {
    for (const char* wait : {"-400", "soon", "4e9", "400, 400"}) {
        RawServer server(fmt::format("HTTP/1.1 503 Busy\r\nRetry-After: {}\r\nContent-Length: 0\r\n\r\n", wait));
        EXPECT_THAT(download({"--retries", "1", server.url("/a")}).errors, HasSubstr("(2 tries)")) << wait;
    }
    RawServer server("HTTP/1.1 503 Busy\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(download({"--retries", "1", server.url("/a")}).code, 1);
    EXPECT_EQ(server.requests(), 1) << "that is more than it is willing to wait";
}

TEST_F(DownloadAnswers, SilenceEndsATry) {
    threadwise::Event ended;
    RawServer server([&](const std::string&, const RawServer::Send& send) {
        send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
        ended.wait();
    });
    const auto result = download({"--timeout", "1", "--retries", "0", server.url("/a")});
    ended.set();
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("nothing arrived for 1 s"));
    EXPECT_THAT(names_in(out), IsEmpty());
}

/// One way in which a server misbehaves.
struct Misbehaviour {
    std::string name;
    std::function<std::string(int number, const std::string& request)> answer;  ///< to the file's request `number`
    bool succeeds = false;
    std::string said = {};  ///< what the message has in it otherwise
};

std::string with_length(std::size_t length, const std::string& body, const std::string& fields = {}) {
    return fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", fields, length, body);
}

std::string part(const std::string& range, const std::string& body, const std::string& tag = "\"t\"") {
    return fmt::format("HTTP/1.1 206 Part\r\nETag: {}\r\nContent-Range: bytes {}\r\nContent-Length: {}\r\n\r\n{}", tag,
                       range, body.size(), body);
}

// A file whose first answer breaks off after 20,000 bytes; the rest is answered with `rest`, and all again with it
// whole.
Misbehaviour broken(const std::string& name, const std::string& rest) {
    const auto answer = [rest](int number, const std::string& request) {
        if (number == 1) return with_length(content.size(), content.substr(0, 20'000), "ETag: \"t\"\r\n");
        if (request.find("\r\nRange: bytes=20000-\r\n") != std::string::npos) return rest;
        return with_length(content.size(), content, "ETag: \"t\"\r\n");
    };
    return {name, answer, true};
}

Misbehaviour constant(const std::string& name, const std::string& answer, const std::string& said) {
    return {name, [answer](int, const std::string&) { return answer; }, false, said};
}

const std::vector<Misbehaviour> misbehaviours{
    broken("the range is ignored", with_length(content.size(), content, "ETag: \"t\"\r\n")),
    broken("another range", part("10000-49999/50000", content.substr(10'000))),
    broken("another range, with the length of the right one",
           part("10000-39999/50000", content.substr(10'000, 30'000))),
    broken("a range after a gap", part("30000-49999/50000", content.substr(30'000))),
    broken("a range that is longer than its body", part("20000-49999/50000", content.substr(20'000, 10'000))),
    broken("a range that is shorter than its body", part("20000-29999/50000", content.substr(20'000))),
    broken("another total", part("20000-49999/60000", content.substr(20'000))),
    broken("another entity tag", part("20000-49999/50000", std::string(30'000, 'x'), "\"u\"")),
    broken("no range", "HTTP/1.1 206 Part\r\nETag: \"t\"\r\nContent-Length: 5\r\n\r\nhello"),
    broken("no such range", "HTTP/1.1 416 No\r\nContent-Range: bytes */100\r\nContent-Length: 0\r\n\r\n"),
    broken("another file", with_length(5, "hello", "ETag: \"u\"\r\n")),
    broken("another file that breaks off", with_length(50'000, "hello", "ETag: \"u\"\r\n")),
    {"a file that changes and has no entity tag",
     [](int number, const std::string&) {
         return number == 1 ? with_length(content.size(), std::string(20'000, 'x'))
                            : with_length(content.size(), content);
     },
     true},
    constant("an entity tag that is weak", with_length(50'000, "hello", "ETag: W/\"t\"\r\n"), "cut the file short"),
    constant("a length that is too long", with_length(content.size() + 1, content), "cut the file short"),
    constant("a part that nobody asked for", part("0-4/5", "hello"), "206"),
    constant("a body that is compressed", with_length(5, "hello", "Content-Encoding: br\r\n"), "Content-Encoding: br"),
    constant("a redirection to a file",
             "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
             "redirects to \"file:///etc/passwd\""),
    constant("a redirection to nothing", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "302"),
    constant("a redirection with a large body",
             fmt::format("HTTP/1.1 302 Found\r\nLocation: gopher://h/\r\nContent-Length: 900000\r\n\r\n{}",
                         std::string(900'000, 'x')),
             "gopher://h/"),
    constant("a wait of an hour", "HTTP/1.1 429 No\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n", "429"),
    constant("a wait until a date far away",
             "HTTP/1.1 503 No\r\nRetry-After: Fri, 31 Dec 2199 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n", "503"),
    constant("nothing changed", "HTTP/1.1 304 Same\r\n\r\n", "304"),
};

/// Answers the file "/7" as the seventh of `misbehaviours` says.
class DownloadMisbehaviours : public Download {
public:
    void answer(const std::string& request, const RawServer::Send& send) {
        const auto index = std::stoul(request.substr(request.find('/') + 1));
        send(misbehaviours[index].answer(++numbers_[index], request));
    }

    std::string url_of(std::size_t index) const { return server.url(fmt::format("/{}", index)); }

private:
    std::map<std::size_t, int> numbers_;  // before the server, whose thread uses it

public:
    RawServer server{[this](const std::string& request, const RawServer::Send& send) { answer(request, send); }};
};

TEST_F(DownloadMisbehaviours, NeverMakeAFileThatIsNotWhole) {
    std::vector<std::string> arguments{"--retries", "2"};
    for (std::size_t i = 0; i < misbehaviours.size(); ++i) arguments.push_back(url_of(i));
    const auto result = download(arguments);
    EXPECT_EQ(result.code, 1);
    for (std::size_t i = 0; i < misbehaviours.size(); ++i) {
        const auto& [name, answer, succeeds, said] = misbehaviours[i];
        const auto path = out / std::to_string(i);
        EXPECT_EQ(std::filesystem::exists(path), succeeds) << name;
        const std::string whole = name == "another file" ? "hello" : content;
        EXPECT_TRUE(!succeeds || read_file(path) == whole) << name;
        const auto line = result.errors.find(url_of(i) + ": ");
        EXPECT_EQ(line == std::string::npos, succeeds) << name;
        if (!succeeds && line != std::string::npos) {
            EXPECT_THAT(result.errors.substr(line, result.errors.find('\n', line) - line), HasSubstr(said)) << name;
        }
    }
}

TEST_F(Download, SurvivesResets) {
    RawServer server([&](const std::string&, const RawServer::Send& send) {
        send(with_length(content.size(), content.substr(0, 20'000)));
    });
    server.end_with_resets();
    const auto result = download({"--retries", "1", server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(names_in(out), IsEmpty());
}

TEST_F(Download, TakesWhatComesByteByByte) {
    RawServer server([](const std::string&, const RawServer::Send& send) {
        for (const char c : with_length(300, content.substr(0, 300))) send({&c, 1});
    });
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_EQ(read_file(out / "a"), content.substr(0, 300));
}

// Slower than a byte a second, but never silent for as long as the timeout.
TEST(Silence, IsEndedByWhatArrives) {
    using namespace std::chrono_literals;
    command::Silence silence(10s);
    for (int byte = 0; byte < 3; ++byte) {
        for (int nap = 0; nap < 9; ++nap) {
            EXPECT_EQ(silence.nap(), 1s);
            silence.napped(1s, false);
        }
        EXPECT_FALSE(silence.is_too_long());
        silence.napped(500ms, true);
    }
    for (int nap = 0; nap < 10; ++nap) {
        EXPECT_FALSE(silence.is_too_long());
        silence.napped(1s, false);
    }
    EXPECT_TRUE(silence.is_too_long());
}

TEST(Silence, DoesNotCountTheTimeOfAStoppedProgram) {
    using namespace std::chrono_literals;
    command::Silence silence(1500ms);
    silence.napped(1h, false);
    EXPECT_FALSE(silence.is_too_long());
    EXPECT_EQ(silence.nap(), 500ms);
    silence.napped(1h, false);
    EXPECT_TRUE(silence.is_too_long());
}

}  // namespace
