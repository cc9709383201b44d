// `threadwise download` where something bears the file's name already.

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>

#include "apps/support/download_fixture.hpp"
#include "apps/support/scripted_server.hpp"

namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

class DownloadExisting : public Download {
public:
    void SetUp() override { fs::create_directory(out); }

    ScriptedServer server{[](const httplib::Request&, httplib::Response& response) {
        response.set_content(content, "application/octet-stream");
    }};
};

class DownloadExistingFile : public DownloadExisting {
public:
    void SetUp() override {
        DownloadExisting::SetUp();
        write_file(out / "a", "old");
    }
};

TEST_F(DownloadExistingFile, LeavesTheFileThatIsThere) {
    const auto result = download({server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, AllOf(HasSubstr("exists already"), HasSubstr("--existing replace")));
    EXPECT_EQ(read_file(out / "a"), "old");
    EXPECT_EQ(server.requests(), 0);
}

TEST_F(DownloadExistingFile, KeepsItWhenAskedTo) {
    const auto result = download({"--existing", "keep", server.url("/a")});
    EXPECT_EQ(result.code, 0);
    EXPECT_THAT(result.output, HasSubstr("1 there already"));
    EXPECT_EQ(read_file(out / "a"), "old");
    EXPECT_EQ(server.requests(), 0);
}

TEST_F(DownloadExistingFile, ReplacesItWhenAskedTo) {
    EXPECT_EQ(download({"--existing", "replace", server.url("/a")}).code, 0);
    EXPECT_EQ(read_file(out / "a"), content);
    EXPECT_THAT(names_in(out), ElementsAre("a"));
}

TEST_F(DownloadExistingFile, DownloadsNothingWhenItIsRightAlready) {
    EXPECT_EQ(download({"--checksum", list(digest_of("old") + "  a\n"), server.url("/a")}).code, 0);
    EXPECT_EQ(server.requests(), 0);
}

TEST_F(DownloadExistingFile, DoesNotKeepItWhenItIsWrong) {
    const auto result =
        download({"--existing", "keep", "--checksum", list(digest_of(content) + "  a\n"), server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.errors, HasSubstr("was there already"));
}

TEST_F(DownloadExistingFile, KeepsTheOldFileWhenTheNewOneIsWrong) {
    const auto result =
        download({"--existing", "replace", "--checksum", list(std::string(64, '0') + "  a\n"), server.url("/a")});
    EXPECT_EQ(result.code, 1);
    EXPECT_EQ(read_file(out / "a"), "old");
}

// Puts something under the file's name; "" where it cannot be made here.
struct Obstacle {
    const char* problem;
    std::function<bool(const fs::path&)> make;
};

bool make_socket(const fs::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.string().size() >= sizeof address.sun_path) return false;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const bool made = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return made;
}

TEST_F(DownloadExisting, TakesOnlyFilesForFiles) {
    fs::create_directory(scratch.path() / "elsewhere");
    const std::vector<Obstacle> obstacles{
        {"is a folder", [](const fs::path& path) { return fs::create_directory(path); }},
        {"is a folder",
         [](const fs::path& path) {
             fs::create_directory(path);
             write_file(path / "inside", "");
             return true;
         }},
        {"is a folder", [](const fs::path& path) { return ::symlink("../elsewhere", path.c_str()) == 0; }},
        {"is a pipe", [](const fs::path& path) { return ::mkfifo(path.c_str(), 0600) == 0; }},
        {"is a socket", make_socket},
        {"is a device", [](const fs::path& path) { return ::symlink("/dev/null", path.c_str()) == 0; }},
        {"is a device", [](const fs::path& path) { return ::mknod(path.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0; }},
        {"Too many levels", [](const fs::path& path) { return ::symlink("a", path.c_str()) == 0; }},
    };
    const std::string checksums = list(digest_of(content) + "  a\n");
    for (const auto& [problem, make] : obstacles) {
        fs::remove_all(out / "a");
        if (!make(out / "a")) continue;
        const auto type = fs::symlink_status(out / "a").type();
        for (const char* mode : {"fail", "keep", "replace"}) {
            for (const auto& more : {std::vector<std::string>{}, {"--checksum", checksums}}) {
                auto arguments = more;
                arguments.insert(arguments.end(), {"--existing", mode, server.url("/a")});
                const auto result = download(arguments);
                EXPECT_EQ(result.code, 1) << problem << ", " << mode;
                EXPECT_THAT(result.errors, AllOf(HasSubstr(problem), HasSubstr("move it away"))) << mode;
                EXPECT_EQ(fs::symlink_status(out / "a").type(), type) << mode;
                EXPECT_THAT(names_in(out), ElementsAre("a"));
            }
        }
    }
    EXPECT_EQ(server.requests(), 0) << "nothing is fetched that could not be kept";
}

TEST_F(DownloadExisting, LinkToNothingIsReplacedOnlyWhenAskedTo) {
    ASSERT_EQ(::symlink("../nowhere", (out / "a").c_str()), 0);
    for (const char* mode : {"fail", "keep"}) {
        const auto result = download({"--existing", mode, server.url("/a")});
        EXPECT_EQ(result.code, 1);
        EXPECT_THAT(result.errors, HasSubstr("is a link to nothing"));
    }
    EXPECT_EQ(server.requests(), 0);
    EXPECT_EQ(download({"--existing", "replace", server.url("/a")}).code, 0);
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(out / "a")));
    EXPECT_FALSE(fs::exists(scratch.path() / "nowhere"));
}

TEST_F(DownloadExisting, LinkToAFileIsAFile) {
    write_file(scratch.path() / "elsewhere", "old");
    ASSERT_EQ(::symlink("../elsewhere", (out / "a").c_str()), 0);
    EXPECT_EQ(download({"--existing", "keep", server.url("/a")}).code, 0);
    EXPECT_EQ(download({"--existing", "replace", server.url("/a")}).code, 0);
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(out / "a"))) << "the link is replaced, not what it leads to";
    EXPECT_EQ(read_file(scratch.path() / "elsewhere"), "old");
}

TEST_F(DownloadExisting, FolderThatAppearsMeanwhileStays) {
    ScriptedServer slow([&](const httplib::Request&, httplib::Response& response) {
        fs::create_directory(out / "a");
        response.set_content(content, "application/octet-stream");
    });
    for (const char* mode : {"fail", "keep", "replace"}) {
        fs::remove_all(out / "a");
        EXPECT_EQ(download({"--existing", mode, slow.url("/a")}).code, 1) << mode;
        EXPECT_TRUE(fs::is_directory(out / "a"));
        EXPECT_EQ(names_in(out).size(), 2U) << "what arrived stays";
        fs::remove_all(out / "a");
        EXPECT_EQ(download({slow.url("/a")}).code, 0) << "it goes on once the way is free";
        EXPECT_THAT(names_in(out), ElementsAre("a"));
    }
    EXPECT_EQ(slow.requests(), 3);
}

}  // namespace
