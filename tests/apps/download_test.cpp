// `threadwise download` against servers that behave well and badly.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <chrono>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "apps/support/download_fixture.hpp"
#include "apps/support/folder_contents.hpp"
#include "apps/support/run_command.hpp"
#include "apps/support/scripted_server.hpp"
#include "threadwise/event.hpp"

namespace {

using namespace test;
using httplib::Request;
using httplib::Response;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

void send(Response& response, const std::string& body) { response.set_content(body, "application/octet-stream"); }
void send_content(const Request&, Response& response) { send(response, content); }

TEST_F(Download, BringsEveryFile) {
    ScriptedServer server([](const Request& request, Response& response) { send(response, "at " + request.path); });
    std::vector<std::string> urls;
    for (int i = 0; i < 40; ++i) urls.push_back(server.url("/folder/" + std::to_string(i)));
    const auto result = download(urls);
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.errors, "");
    EXPECT_THAT(result.output, HasSubstr("40 of 40 files downloaded, "));
    EXPECT_EQ(names_in(out).size(), 40U);
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(read_file(out / std::to_string(i)), "at /folder/" + std::to_string(i));
    }
}

TEST_F(Download, KeepsEmptyFilesAndDecodesNames) {
    ScriptedServer server([](const Request&, Response& response) { send(response, ""); });
    EXPECT_EQ(download({server.url("/two%20words?x=1")}).code, 0);
    EXPECT_THAT(names_in(out), ElementsAre("two words"));
    EXPECT_EQ(read_file(out / "two words"), "");
}

TEST_F(Download, FollowsRedirectionsAndTakesTheFirstName) {
    ScriptedServer server([](const Request& request, Response& response) {
        if (request.path == "/old") return response.set_redirect("/new");
        send_content(request, response);
    });
    EXPECT_EQ(download({server.url("/old")}).code, 0);
    EXPECT_THAT(names_in(out), ElementsAre("old"));
}

TEST_F(Download, TakesUrlsAndNamesFromAList) {
    ScriptedServer server([](const Request& request, Response& response) { send(response, request.path); });
    EXPECT_EQ(download({"-i", list(server.url("/a") + "\n" + server.url("/") + " b.html\n")}).code, 0);
    EXPECT_THAT(names_in(out), ElementsAre("a", "b.html"));
    EXPECT_EQ(download({"-o", "c", server.url("/")}).code, 0);
    EXPECT_THAT(names_in(out), ElementsAre("a", "b.html", "c"));
}

TEST_F(Download, VerifiesDigests) {
    ScriptedServer server(send_content);
    const auto result = download({"--checksum", list(digest_of(content) + "  a\n"), server.url("/a")});
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.output, HasSubstr("downloaded and verified"));
}

TEST_F(Download, LeavesNothingOfAFileWithTheWrongDigest) {
    ScriptedServer server(send_content);
    const auto result = download({"--checksum", list(std::string(64, '0') + "  a\n"), server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors,
                AllOf(HasSubstr(server.url("/a")), HasSubstr(digest_of(content)), HasSubstr("do not use")));
    EXPECT_THAT(names_in(out), IsEmpty());
}

TEST_F(Download, BeginsNothingWhenTheRequestIsWrong) {
    ScriptedServer server(send_content);
    const std::string checksums = list(digest_of(content) + "  a\n");
    const std::vector<std::pair<std::vector<std::string>, std::string>> requests{
        {{server.url("/a"), "ht!tp://x"}, "\"ht!tp://x\" is not a URL"},
        {{server.url("/a"), "ftp://localhost/x"}, "neither http nor https"},
        {{server.url("/1/a"), server.url("/1/a?x")}, "two URLs would both be kept as \"a\""},
        {{server.url("/..%2f..%2fetc%2fpasswd")}, "a slash in it"},
        {{server.url("/folder/")}, "gives no file name"},
        {{"--checksum", checksums, server.url("/a"), server.url("/b")}, "no line for \"b\""},
        {{"--checksum", scratch.path() / "missing", server.url("/a")}, "cannot read the list"},
        {{"-i", scratch.path()}, "cannot read the list"},
        {{"-o", "x", server.url("/a"), server.url("/b")}, "--output names one file"},
        {{}, "nothing to download"},
        {{"--jobs", "0", server.url("/a")}, "--jobs"},
        {{"--existing", "perhaps", server.url("/a")}, "--existing"},
        {{"--no-such-option"}, "--no-such-option"},
    };
    for (const auto& [arguments, message] : requests) {
        const auto result = download(arguments);
        EXPECT_EQ(result.code, 2) << message;
        EXPECT_THAT(result.errors, HasSubstr(message));
        EXPECT_THAT(names_in(out), IsEmpty());
    }
    EXPECT_EQ(server.requests(), 0);
}

TEST_F(Download, SaysWhichFileIsNotThereAndBringsTheOthers) {
    ScriptedServer server([](const Request& request, Response& response) {
        if (request.path != "/missing") return send_content(request, response);
        response.status = 404;
        send(response, "an error page that must not become the file");
    });
    const auto result = download({server.url("/a"), server.url("/missing"), server.url("/b")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors,
                AllOf(HasSubstr(server.url("/missing") + ": the server answered 404"), HasSubstr("check the URL")));
    EXPECT_THAT(result.output, AllOf(HasSubstr("2 of 3 files"), HasSubstr("1 failed")));
    EXPECT_THAT(names_in(out), ElementsAre("a", "b"));
    EXPECT_EQ(server.requests(), 3) << "a 404 does not pass, so that another try is useless";
}

TEST_F(Download, SaysThatAServerIsNotThere) {
    std::string url;
    { url = ScriptedServer(send_content).url("/a"); }  // nobody listens on that port any more
    const auto result = download({"--retries", "2", url});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, AllOf(HasSubstr(url), HasSubstr("(3 tries)"), HasSubstr("check the host and the port")));
    EXPECT_THAT(names_in(out), IsEmpty());
}

TEST_F(Download, TriesAgainWhenAServerIsInTrouble) {
    std::atomic<int> troubles = 0;
    ScriptedServer server([&](const Request& request, Response& response) {
        if (troubles++ < 2) {
            response.status = 503;
            return;
        }
        send_content(request, response);
    });
    const auto result = download({"--json", server.url("/a")});
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(read_file(out / "a"), content);
    const auto file = nlohmann::json::parse(result.output)["files"][0];
    EXPECT_EQ(file["tries"], 3);
    EXPECT_EQ(file["status"], "downloaded");
    EXPECT_EQ(file["sha256"], digest_of(content));
    EXPECT_EQ(file["bytes"], content.size());
    EXPECT_EQ(file["path"], (out / "a").string());
}

// As many servers do that count requests.
TEST_F(Download, BringsEverythingFromAServerThatRefusesSome) {
    // Each file at its first try: which tries come one after another is chance, and a file has only so many.
    std::mutex lock;
    std::set<std::string> refused;
    ScriptedServer server([&](const Request& request, Response& response) {
        {
            const std::scoped_lock hold(lock);
            if (!refused.insert(request.path).second) return send(response, request.path);
        }
        response.status = 429;
        response.set_header("Retry-After", "0");
    });
    std::vector<std::string> urls;
    for (int i = 0; i < 60; ++i) urls.push_back(server.url(fmt::format("/{}", i)));
    EXPECT_EQ(download(urls).code, 0);
    EXPECT_EQ(names_in(out).size(), urls.size());
}

TEST_F(Download, WaitsAsLongAsADateSays) {
    std::atomic<int> requests = 0;
    const auto begin = std::chrono::steady_clock::now();
    ScriptedServer server([&](const Request& request, Response& response) {
        if (requests++ > 0) return send_content(request, response);
        response.status = 503;
        const auto then = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) + 2;
        std::array<char, 64> date{};
        std::tm parts{};
        std::strftime(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", ::gmtime_r(&then, &parts));
        response.set_header("Retry-After", date.data());
    });
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900));
}

TEST_F(Download, GivesUpWhenAServerAsksForMinutesOfPeace) {
    ScriptedServer server([](const Request&, Response& response) {
        response.status = 429;
        response.set_header("Retry-After", "400");
    });
    const auto result = download({server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("try again in 400 s"));
    EXPECT_EQ(server.requests(), 1);
}

TEST_F(Download, NeverKeepsAFileThatWasCutShort) {
    ScriptedServer server(
        [](const Request&, Response& response) { send_truncated(response, content.size(), content.substr(0, 1000)); });
    const auto result = download({"--retries", "2", server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, AllOf(HasSubstr("cut the file short"), HasSubstr("(3 tries)")));
    EXPECT_THAT(names_in(out), IsEmpty());
    EXPECT_EQ(server.requests(), 3);
}

// The first try brings `first` bytes under the entity tag "one"; the others are answered by `answer`.
ScriptedServer::Answer cut_short_at_first(std::size_t first, ScriptedServer::Answer answer) {
    auto tries = std::make_shared<std::atomic<int>>(0);
    return [=](const Request& request, Response& response) {
        if ((*tries)++ > 0) return answer(request, response);
        response.set_header("ETag", "\"one\"");
        send_truncated(response, content.size(), content.substr(0, first));
    };
}

TEST_F(Download, ResumesWhereTheConnectionBroke) {
    ScriptedServer server(cut_short_at_first(20'000, [](const Request& request, Response& response) {
        EXPECT_EQ(request.get_header_value("Range"), "bytes=20000-");
        EXPECT_EQ(request.get_header_value("If-Range"), "\"one\"");
        response.set_header("ETag", "\"one\"");
        send(response, content);  // cpp-httplib cuts out the range
    }));
    const auto result = download({"--json", server.url("/a")});
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(server.requests(), 2);
    EXPECT_EQ(read_file(out / "a"), content);
    const auto file = nlohmann::json::parse(result.output)["files"][0];
    EXPECT_EQ(file["bytes"], content.size()) << "nothing was sent twice";
    EXPECT_EQ(file["sha256"], digest_of(content));
}

TEST_F(Download, BeginsAnewWhenTheServerSendsEverythingAgain) {
    const std::string newer(30'000, 'n');
    ScriptedServer server(cut_short_at_first(20'000, [&](const Request&, Response& response) {
        response.status = 200;
        send_truncated(response, newer.size(), newer);
    }));
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_EQ(read_file(out / "a"), newer);
}

TEST_F(Download, BeginsAnewWhenThePartIsGoneOrAnotherOne) {
    for (const bool gone : {true, false}) {
        std::filesystem::remove_all(out);
        ScriptedServer server(cut_short_at_first(20'000, [&](const Request& request, Response& response) {
            if (!request.has_header("Range")) return send_content(request, response);
            response.status = gone ? 416 : 206;
            response.set_header("Content-Range", gone ? "bytes */10" : "bytes 5-9/50000");
            send_truncated(response, 5, "xxxxx");
        }));
        EXPECT_EQ(download({server.url("/a")}).code, 0);
        EXPECT_EQ(read_file(out / "a"), content);
        EXPECT_EQ(server.requests(), 3);
    }
}

TEST_F(Download, DoesNotResumeWhatNoEntityTagVouchesFor) {
    std::atomic<int> tries = 0;
    ScriptedServer server([&](const Request& request, Response& response) {
        EXPECT_FALSE(request.has_header("Range"));
        if (tries++ > 0) return send_content(request, response);
        response.set_header("ETag", "W/\"weak\"");
        send_truncated(response, content.size(), content.substr(0, 1000));
    });
    EXPECT_EQ(download({server.url("/a")}).code, 0);
    EXPECT_EQ(read_file(out / "a"), content);
}

TEST_F(Download, SaysThatTheFolderCannotBeWritten) {
    ScriptedServer server(send_content);
    write_file(scratch.path() / "file", "");
    std::vector<std::filesystem::path> folders{scratch.path() / "file", scratch.path() / "file" / "below"};
    if (::geteuid() != 0) {
        folders.push_back(scratch.path() / "locked");
        std::filesystem::create_directory(folders.back());
        std::filesystem::permissions(folders.back(),
                                     std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    }
    for (const auto& folder : folders) {
        out = folder;
        const auto result = download({server.url("/a")});
        EXPECT_EQ(result.code, 1);
        EXPECT_THAT(result.errors, AllOf(HasSubstr(folder.string()), HasSubstr("--directory DIR")));
    }
    EXPECT_EQ(server.requests(), 0);
}

TEST_F(Download, LeavesNothingWhenAFileMayNotGrow) {
    ScriptedServer server(send_content);
    const auto limit_sizes = [] {
        const rlimit limit{10'000, 10'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    };
    const auto result =
        RunningCommand(threadwise_with({"download", "-d", out, server.url("/a")}), limit_sizes).finish();
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, AllOf(HasSubstr("cannot write"), HasSubstr("File too large"), HasSubstr("ulimit")));
    EXPECT_THAT(names_in(out), IsEmpty());
    EXPECT_EQ(server.requests(), 1) << "a full disk does not pass, so that another try is useless";
}

TEST_F(Download, SaysThatTheDiskIsFull) {
    constexpr int not_allowed = 77;
    ScriptedServer server(send_content);
    std::filesystem::create_directory(out);
    const std::string folder = out;
    // In a view of the file systems that is the new process's own.
    const auto mount_small_disk = [&] {
        if (::unshare(CLONE_NEWNS) == -1 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == -1 ||
            ::mount("none", folder.c_str(), "tmpfs", 0, "size=16k") == -1) {
            ::_exit(not_allowed);
        }
    };
    const auto result =
        RunningCommand(threadwise_with({"download", "-d", out, server.url("/a")}), mount_small_disk).finish();
    if (result.code == not_allowed) GTEST_SKIP() << "mounting a small disk is not allowed here";
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, AllOf(HasSubstr("No space left on device"), HasSubstr("free some space")));
}

// A download of two files that does not get beyond the first; `signal` comes when it is under way, and then, if it goes
// on, the rest.
CommandResult interrupted_download(const std::filesystem::path& out, int signal,
                                   const std::function<void()>& before_exec = {}) {
    threadwise::Event under_way;
    threadwise::Event go_on;
    ScriptedServer server([&](const Request&, Response& response) {
        response.set_content_provider(content.size(), "application/octet-stream",
                                      [&](std::size_t offset, std::size_t, httplib::DataSink& sink) {
                                          if (offset == 0) return sink.write(content.data(), 1000);
                                          under_way.set();
                                          go_on.wait();
                                          return sink.write(content.data() + offset, content.size() - offset);
                                      });
    });
    RunningCommand process(threadwise_with({"download", "-d", out, "-j", "1", server.url("/a"), server.url("/b")}),
                           before_exec);
    under_way.wait();
    process.send(signal);
    if (before_exec) go_on.set();  // the signal is ignored
    CommandResult result = process.finish();
    go_on.set();
    return result;
}

TEST_F(Download, StopsAtOnceAndLeavesNothing) {
    for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143), std::pair(SIGHUP, 129)}) {
        const auto result = interrupted_download(out, signal);
        EXPECT_EQ(result.code, code);
        EXPECT_THAT(result.output, HasSubstr("2 stopped"));
        EXPECT_THAT(names_in(out), IsEmpty());
    }
}

// As with nohup, and in the background of a shell without job control.
TEST_F(Download, GoesOnWhereASignalIsIgnored) {
    for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
        std::filesystem::remove_all(out);
        EXPECT_EQ(interrupted_download(out, signal, [signal] { ::signal(signal, SIG_IGN); }).code, 0);
        EXPECT_THAT(names_in(out), ElementsAre("a", "b"));
    }
}

TEST_F(Download, SaysThatNobodyReadsItsOutput) {
    ScriptedServer server(send_content);
    for (const bool closed : {true, false}) {
        std::filesystem::remove_all(out);
        const auto result = RunningCommand(threadwise_with({"download", "-d", out, server.url("/a")}), [closed] {
                                if (closed) {
                                    ::close(STDOUT_FILENO);
                                } else {
                                    std::array<int, 2> ends{};
                                    if (::pipe(ends.data()) == -1) ::_exit(127);
                                    ::close(ends[0]);
                                    ::dup2(ends[1], STDOUT_FILENO);
                                }
                            }).finish();
        EXPECT_EQ(result.code, 1);
        EXPECT_THAT(result.errors, HasSubstr("cannot write standard output"));
        EXPECT_THAT(names_in(out), ElementsAre("a"));
        EXPECT_TRUE(read_file(out / "a") == content);
    }
}

TEST_F(Download, WritesNoMessageIntoAFile) {
    ScriptedServer server([](const Request& request, Response& response) {
        if (request.path == "/missing") response.status = 404;
        if (request.path == "/a") send_content(request, response);
    });
    const auto result =
        RunningCommand(threadwise_with({"download", "--json", "-d", out, server.url("/missing"), server.url("/a")}),
                       [] {
                           for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
                               ::close(descriptor);
                       })
            .finish();
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(names_in(out), ElementsAre("a"));
    EXPECT_TRUE(read_file(out / "a") == content);
}

TEST_F(Download, TellsItsExitCodes) {
    const auto result = run_threadwise({"download", "--help"});
    EXPECT_EQ(result.code, 0);
    for (const char* code : {"0 when", "1 when", "2 when", "129 (SIGHUP)", "130 (Ctrl-C)", "143 (SIGTERM)"}) {
        EXPECT_THAT(result.output, HasSubstr(code));
    }
}

TEST_F(Download, ShowsNoPasswords) {
    ScriptedServer server([](const Request& request, Response& response) {
        EXPECT_EQ(request.get_header_value("Authorization"), "Basic dXNlcjpzZWNyZXQ=");
        if (request.path == "/missing") {
            response.status = 404;
            return;
        }
        send_content(request, response);
    });
    const auto with_password = [&](const std::string& path) {
        return "http://user:secret@" + server.url(path).substr(std::string_view("http://").size());
    };
    for (const auto& more : {std::vector<std::string>{"--json"}, {}, {"-q"}}) {
        auto arguments = more;
        arguments.insert(arguments.end(), {"--existing", "replace", with_password("/a"), with_password("/missing")});
        const auto result = download(arguments);
        EXPECT_EQ(result.code, 1);
        EXPECT_THAT(result.errors, AllOf(HasSubstr("***@127.0.0.1"), HasSubstr("404")));
        EXPECT_THAT(result.output + result.errors, Not(HasSubstr("secret")));
    }
}

TEST_F(Download, KeepsFilesWithOneNameInFolders) {
    ScriptedServer server([](const Request& request, Response& response) { send(response, request.path); });
    EXPECT_EQ(download({server.url("/x/1/a"), server.url("/x/2/a"), server.url("/b")}).code, 0);
    EXPECT_EQ(read_file(out / "1" / "a"), "/x/1/a");
    EXPECT_EQ(read_file(out / "2" / "a"), "/x/2/a");
    EXPECT_EQ(read_file(out / "b"), "/b");
    EXPECT_EQ(download({"-o", "deep/er/c", server.url("/c")}).code, 0);
    EXPECT_THAT(names_in(out / "deep" / "er"), ElementsAre("c"));
    const auto result = download({"-o", "b/c", server.url("/c")});
    EXPECT_EQ(result.code, 1) << "the folder is a file";
    EXPECT_THAT(result.errors, HasSubstr("cannot write into the folder"));
}

TEST_F(Download, EncodesUrlsAndReadsListsOfOtherSystems) {
    ScriptedServer server([](const Request& request, Response& response) { send(response, request.path); });
    EXPECT_EQ(download({server.url("/two words caf\xC3\xA9")}).code, 0);
    EXPECT_EQ(read_file(out / "two words caf\xC3\xA9"), "/two words caf\xC3\xA9");
    EXPECT_EQ(
        download({"-i", list("\xEF\xBB\xBF" + server.url("/a") + "\r\n\r\n" + server.url("/b c\td") + "\r\n")}).code,
        0);
    EXPECT_EQ(read_file(out / "a"), "/a");
    EXPECT_EQ(read_file(out / "d"), "/b c");
}

// As the proxy is told it, because no such host is there.
TEST_F(Download, TakesHostsBeyondAscii) {
    ScriptedServer proxy([](const Request& request, Response& response) {
        EXPECT_EQ(request.get_header_value("Host"), "xn--bcher-kva.example");
        send_content(request, response);
    });
    auto arguments = threadwise_with({"download", "-d", out,
                                      "http://b\xC3\xBC"
                                      "cher.example/a"});
    arguments.insert(arguments.begin(), {"env", "no_proxy=", "LC_ALL=C", "http_proxy=" + proxy.url("")});
    const auto result = RunningCommand(arguments).finish();
    EXPECT_EQ(result.code, 0) << result.errors;
}

TEST_F(Download, SaysThatAListBreaksOff) {
    const auto result = RunningCommand(threadwise_with({"download", "-d", out, "-i", "-"}), [] {
                            ::close(STDIN_FILENO);
                            ::open("/", O_RDONLY);  // a folder cannot be read
                        }).finish();
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.errors, HasSubstr("cannot read standard input"));
}

TEST_F(Download, IsQuietWhenAskedTo) {
    ScriptedServer server([](const Request& request, Response& response) {
        if (request.path == "/missing") {
            response.status = 404;
            return;
        }
        send_content(request, response);
    });
    auto result = download({"-q", server.url("/a")});
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.output + result.errors, "");
    result = download({"-q", server.url("/missing")});
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors, HasSubstr("404"));
}

TEST_F(Download, ReportsFailuresAsJson) {
    ScriptedServer server([](const Request&, Response& response) { response.status = 404; });
    const auto result = download({"--json", server.url("/a")});
    EXPECT_EQ(result.code, 1);
    const auto file = nlohmann::json::parse(result.output)["files"][0];
    EXPECT_EQ(file["status"], "failed");
    EXPECT_THAT(file["error"]["what"].get<std::string>(), HasSubstr("404"));
    EXPECT_EQ(file["error"]["advice"], "check the URL");
}

// What the command writes to a terminal as its standard error.
std::string seen_on_terminal(const std::vector<std::string>& arguments) {
    int master = -1;
    int slave = -1;
    const winsize size{24, 100, 0, 0};
    if (::openpty(&master, &slave, nullptr, nullptr, &size) == -1) return "no terminal";
    RunningCommand process(threadwise_with(arguments), {}, slave);
    ::close(slave);
    std::string seen;
    std::array<char, 1024> buffer{};
    for (ssize_t count = 0; (count = ::read(master, buffer.data(), buffer.size())) > 0;) {
        seen.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::close(master);
    EXPECT_EQ(process.finish().code, 0);
    return seen;
}

TEST_F(Download, DrawsBarsOnATerminal) {
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
    ScriptedServer server(send_content);
    const std::string seen = seen_on_terminal({"download", "-d", out, server.url("/a")});
    EXPECT_THAT(seen, AllOf(HasSubstr("1 of 1 files"), HasSubstr("\x1b[32m"), HasSubstr("####")));
    EXPECT_THAT(seen, AllOf(EndsWith("\x1b[1F"), Not(HasSubstr("\x1b[J")))) << "the bars are taken away in the end";

    ::setenv("NO_COLOR", "1", 1);
    EXPECT_THAT(seen_on_terminal({"download", "-d", out, server.url("/b")}), Not(HasSubstr("\x1b[32m")));
    EXPECT_EQ(seen_on_terminal({"download", "-q", "-d", out, server.url("/c")}), "");
    ::setenv("TERM", "dumb", 1);
    EXPECT_EQ(seen_on_terminal({"download", "-d", out, server.url("/d")}), "");
}

}  // namespace
