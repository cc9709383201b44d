// `threadwise download` over several runs: the same command line again goes on where the last one ended, however that
// was, and fetches nothing that is there.

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "apps/support/download_fixture.hpp"
#include "apps/support/tagged_server.hpp"
#include "threadwise/event.hpp"

namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

std::string bytes_for(const std::string& path, std::size_t size = 400'000) {
    std::string text(size, '\0');
    std::minstd_rand random(static_cast<unsigned>(std::hash<std::string>()(path)));
    for (char& c : text) c = static_cast<char>(random() >> 8U);
    return text;
}

class DownloadRuns : public Download {
public:
    DownloadRuns()
        : server([](const std::string& path) { return bytes_for(path); },
                 [this](const auto&, auto offset) {
                     if (offset < cut_at) return true;
                     if (hangs) released.wait();
                     return false;
                 }) {}
    ~DownloadRuns() override { released.set(); }

    std::string url(const std::string& path = "/a") const { return server.url(path); }

    /// A run that gets some 200 kB of the file and fails.
    CommandResult fail_in_the_middle() {
        cut_at = 200'000;
        auto result = download({"--retries", "0", url()});
        cut_at = never;
        server.take_requests();
        return result;
    }

    /// A run that has some 200 kB of the file, and waits for the rest; it gets `signal`, `times`.
    CommandResult interrupt(int signal, int times = 1) {
        cut_at = 200'000;
        hangs = true;
        RunningCommand process(threadwise_with({"download", "-d", out, url()}));
        wait_for_partial();
        for (int i = 0; i < times; ++i) process.send(signal);
        auto result = process.finish();
        released.set();
        hangs = false;
        cut_at = never;
        server.take_requests();
        return result;
    }

    /// Until all that the server has sent is on the disk.
    void wait_for_partial() const {
        constexpr std::uintmax_t sent = 212'992;  // pieces up to cut_at
        std::error_code missing;
        while (fs::file_size(partial(), missing) != sent) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    /// The same command again; it has to bring the file, beginning at `start`.
    CommandResult go_on(std::size_t start) {
        auto result = download({"--json", url()});
        EXPECT_EQ(result.code, 0) << result.errors;
        EXPECT_TRUE(read_file(out / "a") == bytes_for("/a"));
        EXPECT_THAT(names_in(out), ElementsAre("a"));
        const auto requests = server.take_requests();
        EXPECT_EQ(requests.size(), 1U);
        EXPECT_EQ(requests.empty() ? 0 : requests.front().start, start);
        return result;
    }

    fs::path partial() const {
        for (const auto& name : names_in(out)) {
            if (name.ends_with(".part")) return out / name;
        }
        return {};
    }

    static constexpr std::size_t never = 1'000'000'000;
    std::atomic<std::size_t> cut_at = never;
    std::atomic<bool> hangs = false;
    threadwise::Event released;
    TaggedServer server;
};

TEST_F(DownloadRuns, GoOnAfterAFailure) {
    EXPECT_EQ(fail_in_the_middle().code, 1);
    EXPECT_FALSE(fs::exists(out / "a"));
    const auto size = fs::file_size(partial());
    EXPECT_GT(size, 190'000U);
    const auto file = nlohmann::json::parse(go_on(size).output)["files"][0];
    EXPECT_EQ(file["resumed"], size);
    EXPECT_EQ(file["bytes"], 400'000 - size);
}

TEST_F(DownloadRuns, GoOnAfterEverySignal) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGKILL}) {
        fs::remove_all(out);
        EXPECT_EQ(interrupt(signal).code, 128 + signal);
        const auto size = fs::file_size(partial());
        EXPECT_GT(size, 100'000U);
        go_on(size);
    }
}

TEST_F(DownloadRuns, GoOnAfterTwoSignals) {
    EXPECT_EQ(interrupt(SIGINT, 2).code, 130);
    go_on(fs::file_size(partial()));
}

TEST_F(DownloadRuns, FetchNothingThatIsThere) {
    go_on(0);
    for (int i = 0; i < 2; ++i) {
        const auto result = download({url()});
        EXPECT_EQ(result.code, 0) << result.errors;
        EXPECT_THAT(result.output, HasSubstr("1 there already"));
        EXPECT_THAT(server.take_requests(), IsEmpty());
    }
}

TEST_F(DownloadRuns, TouchNoFileThatIsNotTheirs) {
    go_on(0);
    EXPECT_EQ(download({server.url("/b"), "-o", "a"}).code, 1) << "another URL";
    write_file(out / "a", bytes_for("/other"));
    const auto result = download({url()});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("exists already"));
    EXPECT_TRUE(read_file(out / "a") == bytes_for("/other"));
    EXPECT_THAT(server.take_requests(), IsEmpty());
}

TEST_F(DownloadRuns, FetchAgainWhatWasRemoved) {
    go_on(0);
    fs::remove(out / "a");
    go_on(0);
}

TEST_F(DownloadRuns, StartOverWhereTheFileChanged) {
    fail_in_the_middle();
    server.set_tag("\"two\"");
    EXPECT_THAT(go_on(0).errors, AllOf(HasSubstr("of no use"), HasSubstr("the server sent the whole file")));
}

TEST_F(DownloadRuns, StartOverWhereThePartialFileIsDamaged) {
    const std::vector<std::pair<const char*, std::function<void(const fs::path&)>>> damages{
        {"more than the 400000", [](const fs::path& path) { fs::resize_file(path, 400'001); }},
        {"less than the", [](const fs::path& path) { fs::resize_file(path, 10); }},
    };
    for (const auto& [why, damage] : damages) {
        fs::remove_all(out);
        fail_in_the_middle();
        damage(partial());
        EXPECT_THAT(go_on(0).errors, HasSubstr(why));
    }
}

TEST_F(DownloadRuns, StartOverWhereTheDigestIsWrong) {
    fail_in_the_middle();
    const auto size = fs::file_size(partial());
    write_file(partial(), std::string(size, 'x'));
    const auto result = download({"--checksum", list(digest_of(bytes_for("/a")) + "  a\n"), url()});
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("with it, the file has the SHA-256"));
    EXPECT_TRUE(read_file(out / "a") == bytes_for("/a"));
    EXPECT_EQ(server.take_requests().size(), 2U);
}

TEST_F(DownloadRuns, StartOverWithAnotherUrl) {
    fail_in_the_middle();
    const auto result = download({server.url("/b"), "-o", "a"});
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.errors, HasSubstr("it came from " + url()));
    EXPECT_TRUE(read_file(out / "a") == bytes_for("/b"));
    EXPECT_THAT(names_in(out), ElementsAre("a"));
}

TEST_F(DownloadRuns, SurviveADamagedJournal) {
    const std::vector<std::function<std::string(std::string)>> damages{
        [](std::string text) { return text.substr(0, text.size() / 2); },
        [](std::string text) { return text + "\nhalf a line"; },
        [](std::string text) { return std::string(text.size(), '\0'); },
        [](std::string text) {
            for (std::size_t i = 0; i < text.size(); i += 40) text[i] ^= 1;
            return text;
        },
        [](const std::string&) { return std::string(); },
    };
    for (const auto& damage : damages) {
        fs::remove_all(out);
        fail_in_the_middle();
        const fs::path journal = out / ".threadwise-downloads";
        write_file(journal, damage(read_file(journal)));
        const auto result = download({url()});
        EXPECT_EQ(result.code, 0) << result.errors;
        EXPECT_TRUE(read_file(out / "a") == bytes_for("/a"));
        EXPECT_EQ(download({url()}).code, 0) << "the journal is in use again";
        server.take_requests();
    }
}

TEST_F(DownloadRuns, SayThatTheJournalIsDamaged) {
    fail_in_the_middle();
    const fs::path journal = out / ".threadwise-downloads";
    std::string text = read_file(journal);
    for (std::size_t i = 0; i < text.size(); i += 40) text[i] ^= 1;
    write_file(journal, text);
    EXPECT_THAT(download({url()}).errors, HasSubstr("damaged lines"));
}

TEST_F(DownloadRuns, LeaveAFileToTheOtherRun) {
    cut_at = 200'000;
    hangs = true;
    RunningCommand first(threadwise_with({"download", "-d", out, url()}));
    wait_for_partial();
    cut_at = never;
    const auto second = download({url(), url("/b")});
    EXPECT_EQ(second.code, 1);
    EXPECT_THAT(second.errors, HasSubstr("is being downloaded by another run"));
    EXPECT_TRUE(read_file(out / "b") == bytes_for("/b")) << "the others are fetched";
    EXPECT_THAT(download({"--clean"}).errors, HasSubstr("1 are in use"));
    first.send(SIGKILL);
    first.finish();
    released.set();
    server.take_requests();
    EXPECT_EQ(download({url(), url("/b")}).code, 0);
    EXPECT_TRUE(read_file(out / "a") == bytes_for("/a"));
    EXPECT_EQ(server.take_requests().size(), 1U);
}

TEST_F(DownloadRuns, CleanRemovesPartialFiles) {
    fail_in_the_middle();
    write_file(out / ".mine.part", "not ours");
    const auto result = download({"--clean"});
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.output, HasSubstr("/.a."));
    EXPECT_THAT(names_in(out), ElementsAre(".mine.part"));
    fs::remove(out / ".mine.part");
    go_on(0);
}

TEST_F(DownloadRuns, WithoutSyncTooTheyGoOn) {
    cut_at = 200'000;
    EXPECT_EQ(download({"--no-sync", "--retries", "0", url()}).code, 1);
    cut_at = never;
    server.take_requests();
    go_on(fs::file_size(partial()));
}

TEST_F(DownloadRuns, KeepNoPasswordInTheJournal) {
    cut_at = 200'000;
    const std::string with_password = fmt::format("http://user:secret@{}", url().substr(7));
    EXPECT_EQ(download({"--retries", "0", with_password}).code, 1);
    cut_at = never;
    EXPECT_THAT(read_file(out / ".threadwise-downloads"), Not(HasSubstr("secret")));
    const auto size = fs::file_size(partial());
    server.take_requests();
    EXPECT_EQ(download({with_password}).code, 0);
    EXPECT_EQ(server.take_requests().front().start, size);
}

// Kills a job of 20 files at random moments, again and again, until it is done.
class DownloadKilled : public Download {
public:
    void kill_until_done(int kills) {
        std::map<std::string, std::string> contents;
        for (int i = 0; i < 20; ++i) {
            const auto path = fmt::format("/{}", i);
            contents[path] = bytes_for(path, i % 4 == 0 ? 20'000 : 600'000);
        }
        TaggedServer server([&](const std::string& path) { return contents.at(path); },
                            [](const std::string&, std::size_t) {
                                std::this_thread::sleep_for(std::chrono::microseconds(500));  // a job of some 200 ms
                                return true;
                            });
        std::vector<std::string> arguments{"download", "-d", out, "-j", "6"};
        for (const auto& [path, content] : contents) arguments.push_back(server.url(path));
        std::minstd_rand random(static_cast<unsigned>(kills));
        for (int i = 0; i < kills; ++i) {
            RunningCommand process(threadwise_with(arguments));
            std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
            process.send(SIGKILL);
            process.finish();
            check_requests(server.take_requests());
            note_state(contents);
        }
        const auto result = run_threadwise(arguments);
        EXPECT_EQ(result.code, 0) << result.errors;
        check_requests(server.take_requests());
        for (const auto& [path, content] : contents) EXPECT_TRUE(read_file(out / path.substr(1)) == content) << path;
        EXPECT_EQ(names_in(out).size(), contents.size()) << "no partial files are left";
    }

private:
    /// What is on the disk.
    void note_state(const std::map<std::string, std::string>& contents) {
        on_disk_.clear();
        for (const auto& name : names_in(out)) {
            const bool partial = name.ends_with(".part");
            const std::string path = fmt::format("/{}", partial ? name.substr(1, name.find('.', 1) - 1) : name);
            const std::string bytes = read_file(out / name);
            EXPECT_TRUE(contents.at(path).starts_with(bytes)) << name;
            EXPECT_TRUE(partial || bytes == contents.at(path)) << "a file under its name is whole";
            on_disk_[path] = std::max<std::size_t>(on_disk_[path], bytes.size());
            if (!partial || bytes == contents.at(path)) whole_.insert(path);
        }
    }

    void check_requests(const std::vector<AskedFor>& requests) {
        for (const auto& [path, start] : requests) {
            EXPECT_EQ(start, on_disk_[path]) << path << ": what is on the disk is not fetched again";
            EXPECT_FALSE(whole_.contains(path)) << path;
        }
    }

    std::map<std::string, std::size_t> on_disk_;
    std::set<std::string> whole_;
};

TEST_F(DownloadKilled, EndsWithEveryFileRight) { kill_until_done(10); }
TEST_F(DownloadKilled, SoakEndsWithEveryFileRight) { kill_until_done(200); }

}  // namespace
