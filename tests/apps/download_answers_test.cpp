// `threadwise download` against servers that speak HTTP badly: a file is whole or not there, and an error says why not.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>

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
