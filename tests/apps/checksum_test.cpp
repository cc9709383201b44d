// `threadwise checksum`, beside sha256sum.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "apps/support/folder_contents.hpp"
#include "apps/support/run_command.hpp"
#include "files/temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using namespace test;
using testing::AllOf;
using testing::HasSubstr;

class Checksum : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(tree / "folder" / "empty");
        for (const char* name : {"b", "a", "with space", "back\\slash", "new\nline", "return\r", "*star", "folder/c"}) {
            write_file(tree / name, std::string("content of ") + name);
        }
        write_file(tree / "nothing", "");
        write_file(tree / "large", std::string(3'000'000, 'x'));
        fs::create_symlink("a", tree / "link");
    }

    std::string save(const std::string& text) {
        const auto path = scratch.path() / "SHA256SUMS";
        write_file(path, text);
        return path;
    }

    command::TemporaryFolder scratch;
    fs::path tree = scratch.path() / "tree";
};

TEST_F(Checksum, AgreesWithSha256sumBothWays) {
    const auto ours = run_threadwise({"checksum", tree});
    EXPECT_EQ(ours.code, 0);
    EXPECT_EQ(ours.errors, "");
    const std::string list = save(ours.output);
    const auto checked = RunningCommand({"sha256sum", "--check", "--strict", list}).finish();
    EXPECT_EQ(checked.code, 0) << checked.errors;
    EXPECT_EQ(std::ranges::count(checked.output, '\n'), 10);

    const auto theirs = RunningCommand({"sh", "-c", "find \"$0\" -type f -exec sha256sum {} +", tree}).finish();
    const auto result = run_threadwise({"checksum", "--check", save(theirs.output)});
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_EQ(std::ranges::count(result.output, '\n'), 10);
    EXPECT_THAT(result.output, HasSubstr("new\\nline: OK\n"));
}

TEST_F(Checksum, SortsAndNamesEachFileOnce) {
    const auto result = run_threadwise({"checksum", "-j", "3", tree / "b", tree / "folder", tree / "a", tree / "b"});
    std::vector<std::string> paths;
    std::istringstream lines(result.output);
    for (std::string line; std::getline(lines, line);) paths.push_back(line.substr(66));
    EXPECT_THAT(paths, testing::ElementsAre(tree / "a", tree / "b", tree / "folder" / "c"));
}

TEST_F(Checksum, FollowsALinkThatIsNamed) {
    const auto link = run_threadwise({"checksum", tree / "link"});
    const auto file = run_threadwise({"checksum", tree / "a"});
    EXPECT_EQ(link.output.substr(0, 64), file.output.substr(0, 64));
}

TEST_F(Checksum, SaysWhatCannotBeReadAndGoesOn) {
    const auto result = run_threadwise({"checksum", tree / "missing", tree / "a"});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, AllOf(HasSubstr((tree / "missing").string()), HasSubstr("No such file")));
    EXPECT_THAT(result.output, HasSubstr((tree / "a").string()));
}

TEST_F(Checksum, FindsWhatChanged) {
    const std::string list = save(run_threadwise({"checksum", tree / "a", tree / "b", tree / "folder"}).output);
    write_file(tree / "a", "changed");
    fs::remove(tree / "b");
    const auto result = run_threadwise({"checksum", "--check", list});
    EXPECT_EQ(result.code, 1);
    EXPECT_EQ(result.output, (tree / "a").string() + ": FAILED\n" + (tree / "b").string() + ": FAILED open or read\n" +
                                 (tree / "folder" / "c").string() + ": OK\n");
    EXPECT_THAT(result.errors, HasSubstr("2 of 3 files"));
}

TEST_F(Checksum, ChecksSignedAndForeignLists) {
    const auto digest_of = [&](const char* name) {
        return run_threadwise({"checksum", tree / name}).output.substr(0, 64);
    };
    const std::string list =
        save("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n" + digest_of("a") + "\t " + (tree / "a").string() +
             "\nSHA256 (" + (tree / "b").string() + ")= " + digest_of("b") + "\n-----BEGIN PGP SIGNATURE-----\n");
    const auto result = run_threadwise({"checksum", "--check", list});
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.output, (tree / "a").string() + ": OK\n" + (tree / "b").string() + ": OK\n");
    EXPECT_THAT(result.errors, HasSubstr("line 1 and 2 more"));
    EXPECT_EQ(run_threadwise({"checksum", "--check", "--strict", list}).code, 1);
    EXPECT_EQ(RunningCommand({"sha256sum", "--check", list}).finish().code, 0);
}

TEST_F(Checksum, PrintsAsLittleAsAsked) {
    const std::string list = save(run_threadwise({"checksum", tree / "a", tree / "b"}).output);
    const std::string second = scratch.path() / "second";
    write_file(second, run_threadwise({"checksum", tree / "folder"}).output);
    EXPECT_EQ(run_threadwise({"checksum", "-c", "--quiet", list, second}).output, "");
    write_file(tree / "a", "changed");
    const auto quiet = run_threadwise({"checksum", "-c", "--quiet", list, second});
    EXPECT_EQ(quiet.code, 1);
    EXPECT_EQ(quiet.output, (tree / "a").string() + ": FAILED\n");
    const auto status = run_threadwise({"checksum", "-c", "--status", list});
    EXPECT_EQ(status.code, 1);
    EXPECT_EQ(status.output + status.errors, "");
}

TEST_F(Checksum, PassesOverMissingFilesWhenAskedTo) {
    const std::string list = save(run_threadwise({"checksum", tree / "a", tree / "b"}).output);
    fs::remove(tree / "a");
    const auto one = run_threadwise({"checksum", "-c", "--ignore-missing", list});
    EXPECT_EQ(one.code, 0) << one.errors;
    EXPECT_EQ(one.output, (tree / "b").string() + ": OK\n");
    fs::remove(tree / "b");
    const auto none = run_threadwise({"checksum", "-c", "--ignore-missing", list});
    EXPECT_EQ(none.code, 1);
    EXPECT_THAT(none.errors, HasSubstr("no file of"));
}

TEST_F(Checksum, ReadsStandardInput) {
    const auto in_shell = [&](const std::string& script) {
        return RunningCommand({"sh", "-c", script, THREADWISE_COMMAND, tree / "a"}).finish();
    };
    const auto digest = in_shell("\"$0\" checksum - < \"$1\"");
    EXPECT_EQ(digest.output, run_threadwise({"checksum", tree / "a"}).output.substr(0, 66) + "-\n");
    const auto list = in_shell("sha256sum \"$1\" | \"$0\" checksum --check -");
    EXPECT_EQ(list.code, 0) << list.errors;
    EXPECT_EQ(list.output, (tree / "a").string() + ": OK\n");
}

TEST_F(Checksum, EndsLinesWithNulWhenAskedTo) {
    const auto result = run_threadwise({"checksum", "--zero", tree / "new\nline", tree / "a"});
    EXPECT_EQ(std::ranges::count(result.output, '\0'), 2);
    EXPECT_THAT(result.output, HasSubstr("  " + (tree / "new\nline").string() + std::string(1, '\0')));
}

TEST_F(Checksum, EndsAsOthersDoWhenItsReaderLeaves) {
    for (int i = 0; i < 1500; ++i) write_file(tree / ("many-" + std::to_string(i)), "x");
    // What the reader leaves unread is more than a pipe holds.
    const auto result =
        RunningCommand({"bash", "-c", "\"$0\" checksum \"$1\" | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}",
                        THREADWISE_COMMAND, tree})
            .finish();
    EXPECT_EQ(result.code, 128 + SIGPIPE);
    EXPECT_EQ(result.errors, "");
}

TEST_F(Checksum, PrintsJson) {
    auto result = run_threadwise({"checksum", "--json", tree / "nothing", tree / "missing"});
    EXPECT_EQ(result.code, 1);
    auto files = nlohmann::json::parse(result.output)["files"];
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0]["sha256"], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    const std::string list = save(run_threadwise({"checksum", tree / "a", tree / "b"}).output);
    write_file(tree / "a", "changed");
    fs::remove(tree / "b");
    result = run_threadwise({"checksum", "--json", "--check", list});
    files = nlohmann::json::parse(result.output)["files"];
    EXPECT_EQ(files[0]["status"], "wrong");
    EXPECT_EQ(files[1]["status"], "unreadable");
}

TEST_F(Checksum, RefusesWrongRequests) {
    EXPECT_EQ(run_threadwise({"checksum"}).code, 2);
    EXPECT_EQ(run_threadwise({"checksum", "--check", scratch.path() / "missing"}).code, 2);
    EXPECT_EQ(run_threadwise({"checksum", "--check", tree}).code, 2);
    EXPECT_EQ(run_threadwise({"checksum", "--check", save("")}).code, 2);
    EXPECT_EQ(run_threadwise({"checksum", "--check", save("x"), tree / "a"}).code, 2);
    const auto result = run_threadwise({"checksum", "--check", save("nonsense\n")});
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.errors, HasSubstr("SHA256SUMS, line 1"));
}

TEST_F(Checksum, FailsWhenItsOutputCannotBeWritten) {
    const auto result =
        RunningCommand({"sh", "-c", "\"$0\" checksum \"$1\" > /dev/full", THREADWISE_COMMAND, tree}).finish();
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("cannot write"));
}

}  // namespace
