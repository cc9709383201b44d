// The file server, and `threadwise serve`.

#include <gmock/gmock.h>
#include <httplib.h>
#include <sys/stat.h>

#include "apps/support/folder_contents.hpp"
#include "apps/support/loopback_client.hpp"
#include "apps/support/run_command.hpp"
#include "base/failure.hpp"
#include "files/temporary_folder.hpp"
#include "server/file_server.hpp"
#include "threadwise/event.hpp"
#include "threadwise/thread.hpp"

namespace {

namespace fs = std::filesystem;
using namespace test;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Serve : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(root / "folder");
        write_file(scratch.path() / "secret", "secret");
        write_file(root / "a", "0123456789");
        write_file(root / "empty", "");
        write_file(root / "folder" / "b & <c>", "deep");
    }

    // A server and a client that is connected to it.
    void start(const command::ServerOptions& options = {}) {
        client.reset();
        server.emplace(root, options);
        port = server->start("127.0.0.1", 0);
        client = std::make_unique<httplib::Client>("127.0.0.1", port);
        client->set_keep_alive(true);
        client->set_url_encode(false);
    }

    httplib::Response get(const std::string& path, const httplib::Headers& headers = {}) {
        const auto result = client->Get(path, headers);
        return result ? *result : httplib::Response{};
    }

    void TearDown() override {
        client.reset();
        server.reset();
    }

    command::TemporaryFolder scratch;
    fs::path root = scratch.path() / "root";
    std::optional<command::FileServer> server;
    std::unique_ptr<httplib::Client> client;
    int port = 0;
};

TEST_F(Serve, SendsFiles) {
    start();
    const auto response = get("/a");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "0123456789");
    EXPECT_EQ(response.get_header_value("Accept-Ranges"), "bytes");
    EXPECT_THAT(response.get_header_value("Last-Modified"), HasSubstr(" GMT"));
    EXPECT_EQ(get("/empty").status, 200);
    EXPECT_EQ(get("/empty").body, "");
    EXPECT_EQ(get("/folder/b%20&%20%3Cc%3E").body, "deep");
    EXPECT_EQ(get("/a?query").body, "0123456789");
}

TEST_F(Serve, SendsLargeFilesWhole) {
    std::string large;
    for (int i = 0; i < 1'000'000; ++i) large += static_cast<char>(i * 31 + i / 1000);
    write_file(root / "large", large);
    start();
    EXPECT_EQ(get("/large").body, large);
    EXPECT_EQ(get("/large", {{"Range", "bytes=123456-987654"}}).body, large.substr(123'456, 987'654 - 123'456 + 1));
}

TEST_F(Serve, SendsParts) {
    start();
    const auto part = [&](const std::string& range) { return get("/a", {{"Range", range}}); };
    EXPECT_EQ(part("bytes=2-4").status, 206);
    EXPECT_EQ(part("bytes=2-4").body, "234");
    EXPECT_EQ(part("bytes=2-4").get_header_value("Content-Range"), "bytes 2-4/10");
    EXPECT_EQ(part("bytes=7-").body, "789");
    EXPECT_EQ(part("bytes=-3").body, "789");
    EXPECT_EQ(part("bytes=5-1000").body, "56789");
    EXPECT_EQ(part("bytes=-1000").body, "0123456789");
    EXPECT_EQ(part("bytes=10-").status, 416);
    EXPECT_EQ(part("bytes=10-").get_header_value("Content-Range"), "bytes */10");
    EXPECT_EQ(part("bytes=5-2").status, 416);
    EXPECT_EQ(part("bytes=99999999999999999999-").status, 416);
    EXPECT_EQ(get("/empty", {{"Range", "bytes=0-"}}).status, 416);
    EXPECT_EQ(get("/missing", {{"Range", "bytes=500-"}}).status, 404);
    EXPECT_EQ(get("/a").body, "0123456789") << "the connection still works";
}

TEST_F(Serve, SendsAPartOnlyOfTheVersionAskedFor) {
    start();
    const std::string tag = get("/a").get_header_value("ETag");
    EXPECT_EQ(get("/a", {{"Range", "bytes=5-"}, {"If-Range", tag}}).body, "56789");
    write_file(root / "a", "abcdefghijk");
    EXPECT_NE(get("/a").get_header_value("ETag"), tag);
    const auto whole = get("/a", {{"Range", "bytes=5-"}, {"If-Range", tag}});
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(whole.body, "abcdefghijk");
}

TEST_F(Serve, AnswersHeadWithoutTheFile) {
    start();
    const auto result = client->Head("/a");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 200);
    EXPECT_EQ(result->get_header_value("Content-Length"), "10");
    EXPECT_EQ(get("/a").body, "0123456789") << "the connection still works";
}

TEST_F(Serve, RefusesEverythingOutside) {
    fs::create_symlink(scratch.path() / "secret", root / "link-out");
    fs::create_symlink("../secret", root / "relative-link-out");
    fs::create_directory_symlink("..", root / "folder-out");
    fs::create_symlink("folder", root / "link-in");
    fs::create_directory(scratch.path() / "root-2");
    write_file(scratch.path() / "root-2" / "neighbour", "secret");
    ::mkfifo((root / "pipe").c_str(), 0600);
    command::ServerOptions options;
    options.listing = true;
    start(options);
    for (const char* path : {"/../secret", "/%2e%2e/secret", "/..%2fsecret", "/folder/../../secret", "/link-out",
                             "/relative-link-out", "/folder-out/secret", "/folder-out", "/..", "/../root-2/neighbour",
                             "//etc/passwd", "/a%00", "/a/", "/pipe", "/proc/self/environ", "/missing"}) {
        const auto response = get(path);
        EXPECT_EQ(response.status, 404) << path;
        EXPECT_THAT(response.body, Not(HasSubstr("secret"))) << path;
    }
    EXPECT_EQ(get("/link-in/b%20&%20%3Cc%3E").body, "deep") << "links within the folder are followed";
    EXPECT_EQ(get("/folder/../a").body, "0123456789");
}

TEST_F(Serve, ShowsFoldersOnlyWhenAskedTo) {
    start();
    EXPECT_EQ(get("/").status, 404);
    EXPECT_EQ(get("/folder").status, 404);

    command::ServerOptions options;
    options.listing = true;
    start(options);
    EXPECT_EQ(get("/").status, 200);
    EXPECT_THAT(get("/").body, HasSubstr("<a href=\"folder/\">folder/</a>"));
    EXPECT_THAT(get("/folder/").body, HasSubstr("<a href=\"b%20%26%20%3Cc%3E\">b &amp; &lt;c&gt;</a>"));
}

TEST_F(Serve, RefusesOtherMethods) {
    start();
    for (const auto& result :
         {client->Post("/a", "text", "text/plain"), client->Put("/a", "text", "text/plain"), client->Delete("/a")}) {
        ASSERT_TRUE(result);
        EXPECT_EQ(result->status, 405);
        EXPECT_EQ(result->get_header_value("Allow"), "GET, HEAD");
    }
    EXPECT_EQ(read_file(root / "a"), "0123456789");
}

TEST_F(Serve, SendsSeveralParts) {
    start();
    const auto response = get("/a", {{"Range", "bytes=0-1, 8-, 100-"}});
    EXPECT_EQ(response.status, 206);
    const std::string type = response.get_header_value("Content-Type");
    ASSERT_THAT(type, StartsWith("multipart/byteranges; boundary="));
    const std::string boundary = "\r\n--" + type.substr(type.find('=') + 1);
    const std::string part_type = "\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ";
    EXPECT_EQ(response.body, boundary + part_type + "0-1/10\r\n\r\n01" + boundary + part_type + "8-9/10\r\n\r\n89" +
                                 boundary + "--\r\n");
    EXPECT_EQ(get("/a", {{"Range", "bytes=0-7,2-9"}}).status, 200) << "parts that overlap are no use";
}

TEST_F(Serve, IgnoresRangesThatAreNotForIt) {
    start();
    EXPECT_EQ(get("/a", {{"Range", "lines=0-1"}}).status, 200);
    EXPECT_EQ(get("/a", {{"Range", "BYTES=0-1"}}).body, "01");
    const auto head = client->Head("/a", {{"Range", "bytes=0-1"}});
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->get_header_value("Content-Length"), "10");
}

/// What a server answers to these bytes until it closes the connection.
std::string talk(int port, const std::string& bytes) {
    const LoopbackClient client(port);
    client.send(bytes);
    client.finish_sending();
    return client.read_all();
}

TEST_F(Serve, SendsWhatTheClientLacks) {
    start();
    const auto first = get("/a");
    const std::string tag = first.get_header_value("ETag");
    const std::string date = first.get_header_value("Last-Modified");
    // Past the client, which waits for the content of a 304.
    const auto answer = [&](const std::string& headers) {
        return talk(port, "GET /a HTTP/1.1\r\nHost: x\r\n" + headers + "\r\nConnection: close\r\n\r\n");
    };
    const auto status = [&](const std::string& header, const std::string& value) {
        return std::stoi(answer(header + ": " + value).substr(9, 3));
    };
    EXPECT_EQ(status("If-None-Match", tag), 304);
    EXPECT_EQ(status("If-None-Match", "\"x,y\", W/" + tag), 304);
    EXPECT_EQ(status("If-None-Match", "*"), 304);
    EXPECT_EQ(status("If-None-Match", "\"other\""), 200);
    EXPECT_EQ(status("If-Modified-Since", date), 304);
    EXPECT_EQ(status("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"), 200);
    EXPECT_EQ(status("If-Modified-Since", "whenever"), 200);
    EXPECT_EQ(status("If-Match", tag), 200);
    EXPECT_EQ(status("If-Match", "W/" + tag), 412);
    EXPECT_EQ(status("If-Match", "\"other\""), 412);
    EXPECT_EQ(status("If-Unmodified-Since", date), 200);
    EXPECT_EQ(status("If-Unmodified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"), 412);
    EXPECT_EQ(status("If-None-Match", "\"other\"\r\nIf-Modified-Since: " + date), 200);
    EXPECT_THAT(answer("If-None-Match: " + tag), AllOf(HasSubstr("ETag: " + tag), EndsWith("\r\n\r\n")));
}

TEST_F(Serve, TellsTheDate) {
    start();
    EXPECT_THAT(get("/a").get_header_value("Date"), EndsWith(" GMT"));
    EXPECT_THAT(get("/missing").get_header_value("Date"), EndsWith(" GMT"));
}

TEST_F(Serve, LeadsToFoldersByTheirSlash) {
    command::ServerOptions options;
    options.listing = true;
    start(options);
    const auto response = get("/folder");
    EXPECT_EQ(response.status, 301);
    EXPECT_EQ(response.get_header_value("Location"), "/folder/");
    EXPECT_THAT(get("//folder/").body, HasSubstr("<a href=\"b%20"));
}

// A Location that begins with two slashes names a host.
TEST_F(Serve, NeverLeadsToAnotherHost) {
    command::ServerOptions options;
    options.listing = true;
    start(options);
    for (const std::string path : {"//folder", "/%2Ffolder", "/%2f/%2Ffolder"}) {
        EXPECT_EQ(get(path).get_header_value("Location"), "/folder/") << path;
    }
}

std::ptrdiff_t answers_in(const std::string& text, const std::string& status) {
    std::ptrdiff_t count = 0;
    for (auto at = text.find("HTTP/1.1 " + status); at != std::string::npos;
         at = text.find("HTTP/1.1 " + status, at + 1)) {
        ++count;
    }
    return count;
}

TEST_F(Serve, AnswersEachOfSeveralRequestsSentAtOnce) {
    start();
    const std::string one = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    std::string all;
    for (int i = 0; i < 100; ++i) all += one;
    EXPECT_EQ(answers_in(talk(port, all), "200"), 100);
    const std::string last = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(answers_in(talk(port, one + last + one), "200"), 2) << "none after Connection: close";
}

TEST_F(Serve, JudgesRequestsAsTheStandardSays) {
    start();
    const auto status_of = [&](const std::string& request) { return talk(port, request).substr(9, 3); };
    EXPECT_EQ(status_of("GET /a HTTP/1.1\r\n\r\n"), "400") << "no Host";
    EXPECT_EQ(status_of("GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), "400");
    EXPECT_EQ(status_of("GET /a HTTP/1.0\r\n\r\n"), "200");
    EXPECT_EQ(status_of("GET http://example.org/a HTTP/1.1\r\nHost: x\r\n\r\n"), "200") << "absolute form";
    EXPECT_EQ(status_of("GET a HTTP/1.1\r\nHost: x\r\n\r\n"), "400");
    EXPECT_EQ(status_of("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"), "400");
    EXPECT_EQ(status_of("BREW /a HTTP/1.1\r\nHost: x\r\n\r\n"), "501");
    EXPECT_EQ(status_of("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"), "405");
    EXPECT_EQ(status_of("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz"), "200");
    EXPECT_EQ(status_of("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"), "413");
    EXPECT_EQ(status_of("GET /a HTTP/2.0\r\nHost: x\r\n\r\n"), "505");
    EXPECT_EQ(status_of("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), "431");
    EXPECT_EQ(status_of("nonsense\r\n\r\n"), "400");
    EXPECT_EQ(talk(port, ""), "");
    EXPECT_EQ(talk(port, "GET /a HT"), "");
}

TEST_F(Serve, SendsNothingAfterTheHeaderOfHead) {
    start();
    const std::string answer = talk(port, "HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 10\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(Serve, IsNotStarvedByClientsThatDoNotFinishTheirRequests) {
    command::ServerOptions options;
    options.connections = 8;
    start(options);
    std::vector<std::unique_ptr<LoopbackClient>> slow;
    for (int i = 0; i < 64; ++i) {
        slow.push_back(std::make_unique<LoopbackClient>(port));
        slow.back()->send("GET /a HT");
    }
    httplib::Client other("127.0.0.1", port);
    other.set_read_timeout(60);
    const auto result = other.Get("/a");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->body, "0123456789");
}

TEST_F(Serve, DoesNotShareItsPort) {
    start();
    command::FileServer second(root, {});
    EXPECT_THROW(second.start("127.0.0.1", port), command::Failure);
    const auto result = run_threadwise({"serve", root, "--port", std::to_string(port)});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("in use"));
}

TEST_F(Serve, StressManyConnectionsAtOnce) {
    command::ServerOptions options;
    options.connections = 4;
    server.emplace(root, options);
    port = server->start("127.0.0.1", 0);
    std::atomic<int> right = 0;
    std::vector<threadwise::Thread> clients;
    for (int i = 0; i < 16; ++i) {
        clients.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                httplib::Client one("127.0.0.1", port);
                const auto result = one.Get("/a");
                if (result && result->body == "0123456789") ++right;
            }
        });
        clients.back().start();
    }
    for (auto& thread : clients) thread.join();
    EXPECT_EQ(right, 16 * 20);
}

TEST_F(Serve, EndsWhileClientsAreConnected) {
    command::ServerOptions options;
    options.rate = 1;
    start(options);
    write_file(root / "large", std::string(1'000'000, 'x'));
    threadwise::Event begun;
    threadwise::Thread reader([&] {
        const auto result = client->Get("/large", [&](const char*, std::size_t) {
            begun.set();
            return true;
        });
        EXPECT_FALSE(result) << "a broken transfer must not look whole";
    });
    reader.start();
    begun.wait();
    server.reset();
    reader.join();
}

TEST_F(Serve, EndsBeforeAnybodyConnected) {
    for (int i = 0; i < 20; ++i) {
        command::FileServer unused(root, {});
        command::FileServer started(root, {});
        started.start("127.0.0.1", 0);
    }
}

TEST_F(Serve, SaysWhatIsWrong) {
    EXPECT_THROW(command::FileServer(root / "a", {}), command::Failure);
    EXPECT_THROW(command::FileServer(root / "missing", {}), command::Failure);
    EXPECT_EQ(run_threadwise({"serve", root / "missing"}).code, 2);
    EXPECT_EQ(run_threadwise({"serve"}).code, 2);
    const auto result = run_threadwise({"serve", root, "--port", "0", "--host", "192.0.2.1"});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("cannot listen on port 0 of 192.0.2.1"));
}

TEST_F(Serve, PrintsItsAddressAndEndsOnSignals) {
    for (const int signal : {SIGINT, SIGTERM}) {
        RunningCommand process(threadwise_with({"serve", root, "--port", "0"}));
        const std::string line = process.read_line();
        const auto begin = line.find("http://127.0.0.1:");
        ASSERT_NE(begin, std::string::npos) << line;
        {
            httplib::Client one(line.substr(begin, line.size() - 1 - begin));
            const auto result = one.Get("/a");
            ASSERT_TRUE(result);
            EXPECT_EQ(result->body, "0123456789");
        }
        process.send(signal);
        const auto result = process.finish();
        EXPECT_EQ(result.code, 0);
        EXPECT_EQ(result.errors, "");
    }
}

}  // namespace
