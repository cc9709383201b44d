#include "threadwise/multiprocessing/shared_memory.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "support/backend.hpp"
#include "support/forked_child.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/multiprocessing/errors.hpp"
#include "threadwise/multiprocessing/shared_span.hpp"

namespace threadwise::multiprocessing {
namespace {

using testing::all_well;
using testing::in_child;

/// Tests of this program that run at once, in several processes, use names of their own.
std::string own_name(const std::string& what) { return "test-" + std::to_string(getpid()) + '-' + what; }

bool is_there(const std::string& name) { return std::filesystem::exists("/dev/shm/" + name); }

class SharedMemoryTest : public ::testing::Test {
protected:
    void SetUp() override { THREADWISE_NEEDS("shared memory"); }
};

TEST_F(SharedMemoryTest, IsZeroAndAsLongAsAskedFor) {
    const SharedMemory memory(12345);
    EXPECT_EQ(memory.size(), 12345U);
    EXPECT_EQ(memory.buf().size(), 12345U);
    EXPECT_EQ(memory.name(), "");
    EXPECT_TRUE(
        std::all_of(memory.buf().begin(), memory.buf().end(), [](std::byte byte) { return byte == std::byte{}; }));
}

TEST_F(SharedMemoryTest, IsSharedWithAForkedChild) {
    const SharedMemory memory(4096);
    EXPECT_EQ(in_child({[&] {
                  memory.buf()[7] = std::byte{42};
                  return true;
              }}),
              all_well);
    EXPECT_EQ(memory.buf()[7], std::byte{42});
}

TEST_F(SharedMemoryTest, IsOpenedByItsDescriptor) {
    const SharedMemory memory(100);
    SharedMemory same = SharedMemory::from_descriptor(memory.fileno());
    EXPECT_NE(same.fileno(), memory.fileno());
    EXPECT_NE(same.buf().data(), memory.buf().data());
    memory.buf()[99] = std::byte{1};
    EXPECT_EQ(same.buf()[99], std::byte{1});
    EXPECT_EQ(same.size(), 100U);
}

TEST_F(SharedMemoryTest, OutlivesTheOneThatHasMadeIt) {
    auto first = SharedMemory(100);
    first.buf()[0] = std::byte{5};
    const SharedMemory second = SharedMemory::from_descriptor(first.fileno());
    first.close();
    EXPECT_EQ(second.buf()[0], std::byte{5});
}

TEST_F(SharedMemoryTest, CanNeitherShrinkNorGrowNorBeInherited) {
    const SharedMemory memory(4096);
    EXPECT_NE(ftruncate(memory.fileno(), 0), 0);
    EXPECT_NE(ftruncate(memory.fileno(), 8192), 0);
    EXPECT_NE(fcntl(memory.fileno(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(SharedMemoryTest, IsMoved) {
    SharedMemory memory(10);
    memory.buf()[0] = std::byte{9};
    SharedMemory moved(std::move(memory));
    EXPECT_EQ(moved.buf()[0], std::byte{9});
    EXPECT_THROW(memory.buf(), ValueError);  // NOLINT(bugprone-use-after-move): what it says then
    EXPECT_EQ(memory.fileno(), -1);
    SharedMemory other(20);
    other = std::move(moved);
    EXPECT_EQ(other.size(), 10U);
    EXPECT_EQ(other.buf()[0], std::byte{9});
    other.close();
    other.close();
    EXPECT_THROW(other.buf(), ValueError);
    EXPECT_EQ(other.size(), 0U);
}

TEST_F(SharedMemoryTest, RefusesNonsense) {
    EXPECT_THROW(SharedMemory(0), ValueError);
    EXPECT_THROW(SharedMemory(SIZE_MAX), OSError);
    EXPECT_THROW(SharedMemory({.create = true}), ValueError);
    EXPECT_THROW(SharedMemory({.size = 10}), ValueError) << "neither to be made nor named";
    EXPECT_THROW(SharedMemory({.name = "a/b", .create = true, .size = 1}), ValueError);
    EXPECT_THROW(SharedMemory({.name = std::string("a\0b", 3), .create = true, .size = 1}), ValueError);
    EXPECT_THROW(SharedMemory({.name = std::string(1000, 'x'), .create = true, .size = 1}), OSError);
    EXPECT_THROW(SharedMemory::from_descriptor(-1), OSError);
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    EXPECT_THROW(SharedMemory::from_descriptor(null), OSError);
    close(null);
    const int read_only = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    EXPECT_THROW(SharedMemory::from_descriptor(read_only), PermissionError);
    close(read_only);
}

TEST_F(SharedMemoryTest, IsFoundByItsName) {
    const std::string name = own_name("found");
    {
        const SharedMemory memory({.name = name, .create = true, .size = 100});
        EXPECT_EQ(memory.name(), name);
        const SharedMemory same({.name = name});
        EXPECT_EQ(same.size(), 100U);
        memory.buf()[3] = std::byte{3};
        EXPECT_EQ(same.buf()[3], std::byte{3});
        EXPECT_THROW(SharedMemory({.name = name, .create = true, .size = 100}), FileExistsError);
    }
    EXPECT_FALSE(is_there(name));
    EXPECT_THROW(SharedMemory({.name = name}), FileNotFoundError);
}

TEST_F(SharedMemoryTest, MakesUpNamesThatNobodyCanGuess) {
    const SharedMemory a({.create = true, .size = 1});
    const SharedMemory b({.create = true, .size = 1});
    EXPECT_THAT(a.name(), ::testing::MatchesRegex("threadwise-[0-9a-f]+"));
    EXPECT_EQ(a.name().size(), std::string("threadwise-").size() + 32);
    EXPECT_NE(a.name(), b.name());
}

TEST_F(SharedMemoryTest, IsForItsUserAlone) {
    const SharedMemory memory({.create = true, .size = 1});
    struct stat status {};
    ASSERT_EQ(fstat(memory.fileno(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SharedMemoryTest, RefusesWhatAnotherUserHasMade) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can play two users";
    const std::string name = own_name("squatted");
    EXPECT_EQ(in_child({[&] { return seteuid(65534) == 0; },
                        [&] {
                            const int squatted = shm_open(('/' + name).c_str(), O_RDWR | O_CREAT | O_EXCL, 0666);
                            return squatted >= 0 && fchmod(squatted, 0666) == 0 && ftruncate(squatted, 100) == 0;
                        }}),
              all_well);
    EXPECT_THROW(SharedMemory({.name = name}), PermissionError);
    EXPECT_THROW(SharedMemory({.name = name, .create = true, .size = 1}), FileExistsError);
    shm_unlink(('/' + name).c_str());
}

TEST_F(SharedMemoryTest, SaysThatThereIsNoSpace) {
    // As much as there is nowhere: the disk of shared memory is smaller.
    const std::string name = own_name("full");
    EXPECT_THROW(SharedMemory({.name = name, .create = true, .size = std::size_t{1} << 50U}), OSError);
    EXPECT_FALSE(is_there(name));
}

TEST_F(SharedMemoryTest, LosesItsNameWithTheLastProcessThatHasIt) {
    const std::string name = own_name("last");
    auto memory = SharedMemory({.name = name, .create = true, .size = 1});
    EXPECT_EQ(in_child({[&] { return SharedMemory({.name = name}).size() == 1; }}), all_well);
    EXPECT_TRUE(is_there(name)) << "another process has closed it";
    memory.close();
    EXPECT_FALSE(is_there(name));
}

TEST_F(SharedMemoryTest, KeepsItsNameWhereAForkedChildClosesItsParents) {
    SharedMemory memory({.create = true, .size = 1});
    EXPECT_EQ(in_child({[&] {
                  memory.close();
                  return true;
              }}),
              all_well);
    EXPECT_TRUE(is_there(memory.name()));
}

TEST_F(SharedMemoryTest, LosesItsNameByWhoeverIsLeft) {
    const std::string name = own_name("left");
    const SharedMemory started(sizeof(std::uint64_t));
    const pid_t maker = fork();
    if (maker == 0) {
        const SharedMemory memory({.name = name, .create = true, .size = 1});
        started.buf()[0] = std::byte{1};
        pause();
        _exit(0);
    }
    while (static_cast<volatile std::byte&>(started.buf()[0]) == std::byte{}) std::this_thread::yield();
    {
        const SharedMemory memory({.name = name});
        kill(maker, SIGKILL);
        EXPECT_EQ(waitpid(maker, nullptr, 0), maker);
        EXPECT_TRUE(is_there(name));
    }
    EXPECT_FALSE(is_there(name));
}

TEST_F(SharedMemoryTest, GivesItsLockBackAlsoWhereAForkedChildHasACopyOfTheDescriptor) {
    SharedMemory memory({.create = true, .size = 1});
    const int copy = dup(memory.fileno());
    memory.close();
    const int opened = open(("/proc/self/fd/" + std::to_string(copy)).c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_NE(opened, -1);
    EXPECT_EQ(flock(opened, LOCK_SH | LOCK_NB), 0);
    ::close(opened);
    ::close(copy);
}

TEST_F(SharedMemoryTest, IsSweptAwayWhereEverySideWasKilled) {
    SharedMemory told(64);
    const pid_t maker = fork();
    if (maker == 0) {
        const SharedMemory memory({.create = true, .size = 1});
        std::copy(memory.name().begin(), memory.name().end(), reinterpret_cast<char*>(told.buf().data()));
        kill(getpid(), SIGKILL);
    }
    EXPECT_EQ(waitpid(maker, nullptr, 0), maker);
    const std::string name = reinterpret_cast<const char*>(told.buf().data());
    EXPECT_TRUE(is_there(name));
    const SharedMemory next({.create = true, .size = 1});
    EXPECT_FALSE(is_there(name));
    EXPECT_TRUE(is_there(next.name()));
}

TEST_F(SharedMemoryTest, IsMadeWhereAnEarlierMakerDiedBeforeItWasWhole) {
    const std::string name = own_name("begun");
    close(shm_open(('/' + name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    EXPECT_THROW(SharedMemory({.name = name}), FileNotFoundError);
    const SharedMemory memory({.name = name, .create = true, .size = 10});
    EXPECT_EQ(SharedMemory({.name = name}).size(), 10U);
}

TEST_F(SharedMemoryTest, IsRefusedBeyondTheLimitOfFiles) {
    const auto is_refused = [](auto make) {
        try {
            make();
        } catch (const OSError& error) {
            return error.code() == std::errc::file_too_large;
        }
        return false;
    };
    EXPECT_EQ(in_child({[] {
                            const rlimit limit{4096, 4096};
                            return setrlimit(RLIMIT_FSIZE, &limit) == 0;
                        },
                        [&] { return is_refused([] { SharedMemory(4097); }); },
                        [&] { return is_refused([] { SharedMemory({.create = true, .size = 4097}); }); },
                        [] { return SharedMemory(4096).size() == 4096; }}),
              all_well)
        << "and not ended by SIGXFSZ";
}

TEST_F(SharedMemoryTest, UnlinkTakesTheNameAlone) {
    SharedMemory memory({.create = true, .size = 1});
    memory.unlink();
    EXPECT_FALSE(is_there(memory.name()));
    EXPECT_THROW(memory.unlink(), FileNotFoundError);
    memory.buf()[0] = std::byte{1};
    SharedMemory anonymous(1);
    anonymous.unlink();
}

TEST_F(SharedMemoryTest, ManyAtOnceMakeAndCloseTheSameName) {
    // Two processes open and close one name again and again: whoever is last removes it, and nobody is given one that
    // another has just removed.
    const std::string name = own_name("contended");
    const auto rounds = [&] {
        for (int i = 0; i < 300; ++i) {
            try {
                const SharedMemory memory({.name = name, .create = true, .size = 8});
                if (memory.size() != 8) return false;
            } catch (const FileExistsError&) {
                try {
                    const SharedMemory memory({.name = name});
                    if (memory.size() != 8) return false;
                } catch (const FileNotFoundError&) {
                    continue;
                }
            }
        }
        return true;
    };
    std::jthread thread([&] { EXPECT_TRUE(rounds()); });
    EXPECT_EQ(in_child({rounds}), all_well);
    thread.join();
    EXPECT_FALSE(is_there(name));
}

TEST_F(SharedMemoryTest, LeavesNoDescriptorAndNoName) {
    const auto count = [](const char* folder) {
        std::size_t entries = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++entries;
        return entries;
    };
    const std::size_t descriptors = count("/proc/self/fd");
    for (int i = 0; i < 1000; ++i) {
        const SharedMemory anonymous(100);
        const SharedMemory same = SharedMemory::from_descriptor(anonymous.fileno());
        const SharedMemory named({.create = true, .size = 100});
        const SharedMemory found({.name = named.name()});
    }
    EXPECT_EQ(count("/proc/self/fd"), descriptors);
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
        EXPECT_THAT(entry.path().filename().string(), ::testing::Not(::testing::StartsWith(own_name(""))));
    }
}

class SharedSpanTest : public SharedMemoryTest {};

TEST_F(SharedSpanTest, HoldsAsManyAsFit) {
    const SharedMemory memory(100);
    const shared_span<std::uint64_t> numbers(memory);
    EXPECT_EQ(numbers.size(), 12U);
    numbers[11] = 7;
    const SharedMemory same = SharedMemory::from_descriptor(memory.fileno());
    EXPECT_EQ(shared_span<const std::uint64_t>(same, 88)[0], 7U);
    EXPECT_EQ(shared_span<std::byte>(memory, 100).size(), 0U);
    EXPECT_EQ((shared_span<std::uint16_t>(memory, 2, 3).size()), 3U);
}

TEST_F(SharedSpanTest, RefusesWhatDoesNotFit) {
    const SharedMemory memory(100);
    EXPECT_THROW(shared_span<std::uint64_t>(memory, 4), ValueError) << "not aligned";
    EXPECT_THROW(shared_span<std::uint64_t>(memory, 104), ValueError);
    EXPECT_THROW((shared_span<std::uint64_t>(memory, 0, 13)), ValueError);
    EXPECT_THROW((shared_span<std::uint64_t>(memory, 0, SIZE_MAX)), ValueError);
    EXPECT_THROW((shared_span<std::uint64_t>(memory, SIZE_MAX - 7)), ValueError);
}

}  // namespace
}  // namespace threadwise::multiprocessing
