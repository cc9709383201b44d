// `threadwise download` where the disk or the folder fails: an error says so, and nothing unfinished looks finished.

#include <gmock/gmock.h>

#include "apps/support/download_fixture.hpp"
#include "apps/support/failing_calls.hpp"
#include "apps/support/scripted_server.hpp"

namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

constexpr int not_allowed = 99;

void send_content(const httplib::Request&, httplib::Response& response) {
    response.set_content(content, "application/octet-stream");
}

class DownloadDisk : public Download {
public:
    CommandResult download_while_failing(unsigned call, unsigned error, std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"download", "-d", out, server.url("/a")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return RunningCommand(threadwise_with(arguments), [=] { let_call_fail(call, error, not_allowed); }).finish();
    }

    ScriptedServer server{send_content};
};

struct FailingCall {
    const char* what;
    unsigned call;
    unsigned error;
    const char* advice;
    bool keeps;  ///< what arrived
};

TEST_F(DownloadDisk, EveryFailingCallIsAnError) {
    const std::vector<FailingCall> calls{
        {"Disk quota exceeded", SYS_fsync, EDQUOT, "free some space", false},
        {"No space left on device", SYS_fsync, ENOSPC, "free some space", false},
        {"Input/output error", SYS_fsync, EIO, "the disk has failed", false},
        {"Input/output error", SYS_renameat2, EIO, "the disk has failed", true},
        {"Permission denied", SYS_renameat2, EACCES, "make the folder writable", true},
        {"Read-only file system", SYS_renameat2, EROFS, "make the folder writable", true},
        {"File name too long", SYS_renameat2, ENAMETOOLONG, "a shorter name", true},
    };
    for (const auto& [what, call, error, advice, keeps] : calls) {
        fs::remove_all(out);
        const auto result = download_while_failing(call, error);
        if (result.code == not_allowed) GTEST_SKIP() << "system calls cannot be made to fail here";
        EXPECT_EQ(result.code, 1) << what;
        EXPECT_THAT(result.errors, AllOf(HasSubstr(what), HasSubstr(advice), HasSubstr(out.string())));
        EXPECT_EQ(names_in(out).size(), keeps ? 1U : 0U) << what;
        EXPECT_FALSE(fs::exists(out / "a"));
        const int requests = server.requests();
        EXPECT_EQ(download({server.url("/a")}).code, 0) << "the disk is well again";
        EXPECT_TRUE(read_file(out / "a") == content);
        EXPECT_THAT(names_in(out), ElementsAre("a"));
        EXPECT_EQ(server.requests(), keeps ? requests : requests + 1);
    }
}

// Some file systems cannot rename without replacing.
TEST_F(DownloadDisk, RenamesWhereTheFileSystemIsSimple) {
    const auto result = download_while_failing(SYS_renameat2, EINVAL);
    if (result.code == not_allowed) GTEST_SKIP() << "system calls cannot be made to fail here";
    EXPECT_EQ(result.code, 0) << result.errors;
    EXPECT_TRUE(read_file(out / "a") == content);
}

TEST_F(DownloadDisk, FolderThatIsRemovedMeanwhileIsAnErrorUnlessItIsMadeAgain) {
    for (const bool made_again : {false, true}) {
        ScriptedServer removing([&](const httplib::Request& request, httplib::Response& response) {
            fs::remove_all(out);
            if (made_again) fs::create_directory(out);
            send_content(request, response);
        });
        const auto result = download({removing.url("/a")});
        if (made_again) {
            EXPECT_EQ(result.code, 0) << result.errors;
            EXPECT_TRUE(read_file(out / "a") == content);
        } else {
            EXPECT_EQ(result.code, 1);
            EXPECT_THAT(result.errors, HasSubstr("No such file"));
            EXPECT_THAT(names_in(out), IsEmpty());
        }
    }
}

TEST_F(DownloadDisk, NamesThatAreTooLongAreFoundBeforeAnythingIsFetched) {
    const std::string name(255, 'n');
    EXPECT_EQ(download({"-o", name, server.url("/a")}).code, 0);
    EXPECT_TRUE(read_file(out / name) == content);
    EXPECT_EQ(server.requests(), 1);
    EXPECT_EQ(download({"-o", name + "n", server.url("/a")}).code, 2);

    std::string deep = "d";
    while (deep.size() < 5000) deep += "/" + std::string(200, 'd');
    const auto result = download({"-o", deep, server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("File name too long"));
    EXPECT_EQ(server.requests(), 1);
}

}  // namespace
