// How `threadwise download` asks for files: with headers, users, cookies, certificates and proxies, which no stranger
// learns, and no faster than it may.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "apps/support/download_fixture.hpp"
#include "apps/support/raw_server.hpp"
#include "apps/support/test_certificate.hpp"
#include "base/failure.hpp"
#include "download/request_check.hpp"
#include "http/pace.hpp"
#include "httplib.h"
#include "threadwise/event.hpp"
#include "threadwise/thread.hpp"

namespace {

using namespace test;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string answer_with(const std::string& body, const std::string& fields = {}) {
    return fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", fields, body.size(), body);
}

std::string redirect_to(const std::string& place) {
    return fmt::format("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 5\r\n\r\nhello", place);
}

std::string problem_with(const command::RequestOptions& options) {
    try {
        command::check_request(options);
    } catch (const command::Failure& failure) {
        EXPECT_EQ(failure.code(), command::request_wrong);
        return failure.what();
    }
    return "accepted";
}

/// A server that notes the header of each request.
class NotingServer {
public:
    explicit NotingServer(std::function<std::string(const std::string& request)> answer)
        : server_([this, answer = std::move(answer)](const std::string& request, const RawServer::Send& send) {
              {
                  const std::scoped_lock guard(lock_);
                  requests_.push_back(request);
              }
              send(answer(request));
          }) {}

    std::string url(const std::string& path) const { return server_.url(path); }

    /// The headers of the requests since the last call.
    std::vector<std::string> take_requests() {
        const std::scoped_lock guard(lock_);
        return std::exchange(requests_, {});
    }

private:
    std::mutex lock_;
    std::vector<std::string> requests_;
    RawServer server_;
};

/// Another host, and one that redirects: "/here" to itself, "/there" to the other host, and has all other files.
class DownloadRequests : public Download {
public:
    std::string answer(const std::string& request) const {
        if (request.starts_with("GET /here")) return redirect_to("/a");
        if (request.starts_with("GET /there")) return redirect_to(stranger.url("/a"));
        return answer_with("hello");
    }

    std::string url_with(const std::string& user, const std::string& path) const {
        return "http://" + user + "@" + server.url(path).substr(std::string("http://").size());
    }

    NotingServer stranger{[](const std::string&) { return answer_with("hello"); }};
    NotingServer server{[this](const std::string& request) { return answer(request); }};
};

const std::string authorization = "\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n";  // user:secret

TEST_F(DownloadRequests, PrivateOptionsStayWithTheHostOfTheUrl) {
    const auto netrc = scratch.path() / "netrc";
    write_file(netrc, "machine 127.0.0.1 login user password secret\n");
    struct Case {
        std::vector<std::string> arguments;
        std::vector<std::string> sent;
    };
    const std::vector<Case> cases{
        {{"--header", "X-Token: secret", "-H", "Cookie: a=secret", "-H", "X-Empty:", "--user", "user:secret",
          "--referer", "http://page/secret"},
         {"\r\nX-Token: secret\r\n", "\r\nCookie: a=secret\r\n", "\r\nX-Empty:", authorization,
          "\r\nReferer: http://page/secret\r\n"}},
        {{"-H", "Authorization: Bearer secret"}, {"\r\nAuthorization: Bearer secret\r\n"}},
        {{"--netrc-file", netrc}, {authorization}},
    };
    for (const auto& [options, sent] : cases) {
        auto arguments = options;
        for (const char* path : {"/a", "/here", "/there"}) arguments.push_back(server.url(path));
        std::filesystem::remove_all(out);
        const auto result = download(arguments);
        EXPECT_EQ(result.code, 0) << result.errors;
        const auto requests = server.take_requests();
        const auto strange = stranger.take_requests();
        EXPECT_EQ(requests.size(), 4U);
        EXPECT_EQ(strange.size(), 1U);
        EXPECT_THAT(strange, Each(Not(HasSubstr("secret"))));
        for (const auto& field : sent) {
            EXPECT_THAT(requests, Each(HasSubstr(field)));
            EXPECT_THAT(strange, Each(Not(HasSubstr(field))));
        }
    }
}

TEST_F(DownloadRequests, UserInTheUrlStaysWithItsHost) {
    EXPECT_EQ(download({"--user", "other:one", url_with("user:secret", "/a"), url_with("user:secret", "/here"),
                        url_with("user:secret", "/there")})
                  .code,
              0);
    EXPECT_THAT(server.take_requests(), AllOf(testing::SizeIs(4), Each(HasSubstr(authorization))));
    EXPECT_THAT(stranger.take_requests(), ElementsAre(Not(HasSubstr("Authorization"))));
    EXPECT_EQ(download({"--existing", "replace", url_with("a%40b:%C3%A9", "/a")}).code, 0);
    EXPECT_THAT(server.take_requests(), ElementsAre(HasSubstr("\r\nAuthorization: Basic YUBiOsOp\r\n")));
}

TEST_F(DownloadRequests, NetrcOfTheUserIsReadWhenAskedFor) {
    write_file(scratch.path() / ".netrc", "machine 127.0.0.1 login user password secret\n");
    auto arguments = threadwise_with({"download", "--netrc", "-d", out, server.url("/a")});
    arguments.insert(arguments.begin(), {"env", "HOME=" + scratch.path().string()});
    EXPECT_EQ(RunningCommand(arguments).finish().code, 0);
    EXPECT_THAT(server.take_requests(), ElementsAre(HasSubstr(authorization)));
}

TEST_F(DownloadRequests, CookiesGoToTheirHost) {
    const auto cookies = scratch.path() / "cookies";
    write_file(cookies, "127.0.0.1\tFALSE\t/\tFALSE\t0\tname\tvalue\nexample.org\tFALSE\t/\tFALSE\t0\tother\tone\n");
    EXPECT_EQ(download({"--cookie-file", cookies, server.url("/a"), server.url("/b"), server.url("/c")}).code, 0);
    const auto requests = server.take_requests();
    EXPECT_EQ(requests.size(), 3U);
    EXPECT_THAT(requests, Each(AllOf(HasSubstr("\r\nCookie: name=value\r\n"), Not(HasSubstr("other")))));
}

// As a page does that lets one in: it sets a cookie, and redirects to what asks for it.
TEST_F(Download, CookieOfARedirectionComesBack) {
    NotingServer server([](const std::string& request) -> std::string {
        if (request.find("\r\nCookie: let=in\r\n") != std::string::npos) return answer_with("hello");
        return "HTTP/1.1 302 Found\r\nSet-Cookie: let=in\r\nLocation: /in\r\nContent-Length: 0\r\n\r\n";
    });
    EXPECT_EQ(download({"--cookie-file", "/dev/null", server.url("/a")}).code, 0);
    EXPECT_EQ(server.take_requests().size(), 2U);
}

TEST_F(DownloadRequests, AgentIsWhatItIsSaidToBe) {
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_EQ(download({"--user-agent", "x/1", server.url("/b")}).code, 0);
    EXPECT_THAT(server.take_requests(),
                ElementsAre(HasSubstr("\r\nUser-Agent: threadwise\r\n"), HasSubstr("\r\nUser-Agent: x/1\r\n")));
}

TEST_F(DownloadRequests, MirrorsOfAMetalinkFileLearnNothing) {
    write_file(scratch.path() / "a.meta4",
               "<metalink><file name=\"a\"><url>" + url_with("user:secret", "/a") + "</url></file></metalink>");
    EXPECT_EQ(download({"--user", "user:secret", "-H", "X-Token: secret", "-M", scratch.path() / "a.meta4"}).code, 0);
    EXPECT_THAT(server.take_requests(), ElementsAre(AllOf(Not(HasSubstr("secret")), Not(HasSubstr("Authorization")))));
}

// The rest is asked for where the bytes came from, in the same run and in the next one.
TEST_F(Download, HostOfTheRestLearnsNothing) {
    NotingServer stranger([](const std::string& request) -> std::string {
        if (request.find("\r\nRange: bytes=5-") == std::string::npos) {
            return "HTTP/1.1 200 OK\r\nETag: \"t\"\r\nContent-Length: 10\r\n\r\nhello";
        }
        return "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    });
    NotingServer server([&](const std::string&) { return redirect_to(stranger.url("/b")); });
    for (int run = 0; run < 2; ++run) {
        const auto url = "http://user:secret@" + server.url("/a").substr(std::string("http://").size());
        EXPECT_EQ(download({"--retries", "1", "-H", "X-Token: secret", url}).code, 1);
        const auto requests = stranger.take_requests();
        EXPECT_THAT(requests, testing::Contains(HasSubstr("\r\nRange: bytes=5-\r\n")));
        EXPECT_THAT(requests, Each(AllOf(Not(HasSubstr("Authorization")), Not(HasSubstr("X-Token")))));
    }
    EXPECT_THAT(read_file(out / ".threadwise-downloads"), AllOf(HasSubstr("part"), Not(HasSubstr("secret"))));
}

TEST_F(DownloadRequests, SecretsAreNeverPrinted) {
    NotingServer proxy([](const std::string&) { return "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"; });
    const std::string url = "http://u:secret@" + proxy.url("").substr(std::string("http://").size());
    for (const auto& header : {"secret", ": secret", "X-A: secret\x01", "Range: secret", "X Y: secret"}) {
        EXPECT_THAT(problem_with({.headers = {header}}), AllOf(HasSubstr("header"), Not(HasSubstr("secret"))));
    }
    EXPECT_THAT(problem_with({.proxy = "ftp://u:secret@h"}), AllOf(HasSubstr("***@h"), Not(HasSubstr("secret"))));
    for (const char* more : {"--json", "--dry-run"}) {
        const auto result = download({"--proxy", url, "-H", "X-T: secret", "--user", "u:secret", more,
                                      url_with("u:secret", "/a"), url_with("u:se[c]ret", "/b{c")});
        EXPECT_NE(result.code, 0);
        EXPECT_THAT(result.output + result.errors, AllOf(Not(HasSubstr("secret")), Not(HasSubstr("se[c]ret"))));
    }
    const auto result = download({"--proxy", url, "--user", "u:secret", "--json", server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.output, AllOf(HasSubstr("the proxy asks who you are"), Not(HasSubstr("secret"))));
    EXPECT_THAT(read_file(out / ".threadwise-downloads"), Not(HasSubstr("secret")));
    EXPECT_THAT(proxy.take_requests(), Each(HasSubstr("\r\nProxy-Authorization: Basic ")));
}

// Though no_proxy names every host, as it does in the environment of these tests.
TEST_F(Download, ProxyThatIsAskedForIsUsed) {
    NotingServer proxy([](const std::string&) { return answer_with("hello"); });
    EXPECT_EQ(download({"--proxy", proxy.url(""), "http://no.such.host.invalid/a"}).code, 0);
    EXPECT_THAT(proxy.take_requests(), ElementsAre(HasSubstr("GET http://no.such.host.invalid/a HTTP/1.1\r\n")));
}

TEST(RequestCheck, RefusesWhatMakesNoSense) {
    EXPECT_THAT(problem_with({.headers = {"no header"}}), HasSubstr("no header"));
    EXPECT_THAT(problem_with({.headers = {"if-range: x"}}), HasSubstr("the header if-range cannot be given"));
    EXPECT_THAT(problem_with({.headers = {"X: a\r\nY: b"}}), HasSubstr("control character"));
    EXPECT_THAT(problem_with({.proxy = "gopher://h"}), HasSubstr("gopher://h names no proxy"));
    EXPECT_THAT(problem_with({.key = "/dev/null"}), HasSubstr("--key without a certificate"));
    EXPECT_THAT(problem_with({.certificate = "/no/such"}), HasSubstr("/no/such, which --cert names: No such file"));
    EXPECT_THAT(problem_with({.ca_file = "/"}), HasSubstr("cannot read /, which --cacert"));
    EXPECT_THAT(problem_with({.cookie_file = "/no/such"}), HasSubstr("--cookie-file"));
    EXPECT_THAT(problem_with({.netrc_file = "/no/such"}), HasSubstr("--netrc-file"));
    EXPECT_EQ(problem_with({.headers = {"X-A: b", "X-B:"}, .proxy = "h:1"}), "accepted");
}

TEST_F(Download, BeginsNothingWhenTheRequestMakesNoSense) {
    const auto result = download({"--limit-rate", "fast", "http://127.0.0.1:9/a"});
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.errors, HasSubstr("--limit-rate fast is no rate"));
    EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(Rate, IsReadWithItsUnit) {
    using command::parse_rate;
    EXPECT_EQ(parse_rate("", "--x"), 0U);
    EXPECT_EQ(parse_rate("2000", "--x"), 2000U);
    EXPECT_EQ(parse_rate("5k", "--x"), 5120U);
    EXPECT_EQ(parse_rate("2M", "--x"), 2U << 20U);
    EXPECT_EQ(parse_rate("18446744073709551615T", "--x"), 1ULL << 40U);
    for (const char* text : {"-1", "0", "x", "k", "1x", "1kk", "1.5M", " 1", "18446744073709551616"}) {
        EXPECT_THROW(parse_rate(text, "--x"), command::Failure) << text;
    }
}

TEST(Pace, RestsForWhatCameTooEarly) {
    command::Pace pace(1000);
    const command::Pace::Clock::time_point begin{1h};
    EXPECT_EQ(pace.rest(begin), 0s);
    pace.note(500, begin);
    EXPECT_EQ(pace.rest(begin), 500ms);
    pace.note(1000, begin + 250ms);
    EXPECT_EQ(pace.rest(begin + 250ms), 1250ms);
    EXPECT_EQ(pace.rest(begin + 10s), 0s);
    pace.note(100, begin + 10s);
    EXPECT_EQ(pace.rest(begin + 10s), 100ms) << "the time before is not credited";
    command::Pace unlimited(0);
    unlimited.note(1U << 30U, begin);
    EXPECT_EQ(unlimited.rest(begin), 0s);
}

TEST_F(Download, KeepsToTheRate) {
    const std::string body(100'000, 'x');
    NotingServer server([&](const std::string&) { return answer_with(body); });
    for (const char* option : {"--limit-rate", "--limit-rate-each"}) {
        std::filesystem::remove_all(out);
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_EQ(download({option, "800000", server.url("/a")}).code, 0);
        EXPECT_GE(std::chrono::steady_clock::now() - begin, 50ms) << option;
        EXPECT_EQ(read_file(out / "a"), body);
    }
}

/// A server that speaks TLS alone, and notes whether clients show a certificate.
class DownloadOverTls : public Download {
public:
    DownloadOverTls() {
        tls_.new_task_queue = [this] {
            listening_.set();
            return new httplib::ThreadPool(4);
        };
        tls_.Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
            if (request.path == "/there") return response.set_redirect(plain.url("/a"));
            response.set_content("hello", "text/plain");
        });
        port_ = tls_.bind_to_any_port("127.0.0.1");
        thread_.start();
        certificate.save_certificate(path("ca.pem"));
        certificate.save_key(path("key.pem"));
    }
    ~DownloadOverTls() override {
        listening_.wait();
        tls_.stop();
        thread_.join();
    }

    std::string path(const char* name) const { return scratch.path() / name; }
    std::string url(const std::string& file) const { return fmt::format("https://127.0.0.1:{}{}", port_, file); }

    CommandResult fetch(const std::string& file, std::vector<std::string> arguments = {}) {
        std::filesystem::remove_all(out);
        arguments.insert(arguments.end(), {"--cacert", path("ca.pem"), "--retries", "0", url(file)});
        return download(arguments);
    }

    NotingServer plain{[](const std::string&) { return answer_with("hello"); }};
    TestCertificate certificate;

private:
    httplib::SSLServer tls_{certificate.certificate(), certificate.key()};
    threadwise::Event listening_;
    int port_ = 0;
    threadwise::Thread thread_{[this] { tls_.listen_after_bind(); }};
};

TEST_F(DownloadOverTls, TrustsWhatItIsToldToTrust) {
    EXPECT_EQ(fetch("/a").code, 0);
    const auto result = download({"--retries", "0", url("/b")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("cannot prove who it is"));
    auto arguments = threadwise_with({"download", "-d", out, url("/c")});
    arguments.insert(arguments.begin(), {"env", "SSL_CERT_FILE=" + path("ca.pem")});
    EXPECT_EQ(RunningCommand(arguments).finish().code, 0);
}

TEST_F(DownloadOverTls, LeavesHttpsOnlyWhenAskedTo) {
    const auto result = fetch("/there");
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("redirects from https to http://127.0.0.1"));
    EXPECT_THAT(plain.take_requests(), IsEmpty());
    EXPECT_THAT(names_in(out), IsEmpty());
    EXPECT_EQ(fetch("/there", {"--leave-https"}).code, 0);
    EXPECT_EQ(plain.take_requests().size(), 1U);
}

// What is wrong with a key is found before anything is sent; nobody is asked for its password.
TEST_F(DownloadOverTls, TakesNoKeyThatIsEncrypted) {
    EXPECT_EQ(fetch("/a", {"--cert", path("ca.pem"), "--key", path("key.pem")}).code, 0);
    certificate.save_key(path("locked.pem"), "secret");
    const auto result = fetch("/a", {"--cert", path("ca.pem"), "--key", path("locked.pem")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("a key must not be encrypted"));
}

}  // namespace
