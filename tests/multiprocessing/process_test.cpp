#include "threadwise/multiprocessing/process.hpp"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/backend.hpp"
#include "support/child.hpp"
#include "support/end_by_signal.hpp"
#include "support/process_main.hpp"
#include "support/threads.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/interrupt.hpp"
#include "threadwise/multiprocessing/shared.hpp"
#include "threadwise/multiprocessing/value.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::multiprocessing {
namespace {

using namespace std::chrono_literals;
using testing::end_by;
using ::testing::HasSubstr;
using testing::wait_until;

/// What a child answers.
struct Board {
    std::atomic<int> number{0};
    std::atomic<int> ready{0};
};

struct Point {
    int x;
    double y;
};

struct Named {
    std::string name;
    std::vector<int> values;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(name, values);
    }
};

void add(const Shared<Board>& board, int first, int second) { board->number = first + second; }

template <class T>
void store_size(const Shared<Board>& board, const T& text) {
    board->number = static_cast<int>(text.size());
}

void store_all(const Shared<Board>& board, const std::map<std::string, std::vector<int>>& table, const Named& named,
               Point point) {
    board->number = table.at("one").back() + static_cast<int>(named.name.size()) + named.values.front() + point.x;
}

struct Multiply {
    int factor = 1;
    void operator()(const Shared<Board>& board) const { board->number = board->number * factor; }
    static void by_two(const Shared<Board>& board) { board->number = board->number * 2; }
    template <class Archive>
    void serialize(Archive& archive) {
        archive(factor);
    }
};

void wait_for_ever(const Shared<Board>& board) {
    board->ready = getpid();
    for (;;) pause();
}

void overflow_stack(int depth) {
    volatile char frame[4096] = {};
    frame[depth % 4096] = 1;
    if (depth >= 0) overflow_stack(depth + 1 + frame[0] * 0);
    frame[0] = 2;
}

int run(Process process) {
    process.start();
    process.join();
    return *process.exitcode();
}

std::size_t open_descriptors() {
    DIR* const folder = opendir("/proc/self/fd");
    std::size_t count = 0;
    while (readdir(folder) != nullptr) ++count;  // NOLINT(concurrency-mt-unsafe): a stream of its own
    closedir(folder);
    return count;
}

template <class Error, class Call>
std::string message_of(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "nothing was thrown";
}

/// What start() said before main() had called freeze_support().
const std::string said_before_main = [] {
    Process process(+[] {});
    return message_of<RuntimeError>([&] { process.start(); });
}();

class ProcessTest : public ::testing::Test {
protected:
    void SetUp() override {
        THREADWISE_NEEDS("processes");
        board_ = std::make_unique<Shared<Board>>();
    }

    const Shared<Board>& board() const { return *board_; }
    Process make_waiting(ProcessOptions options = {}) const { return {std::move(options), wait_for_ever, board()}; }
    bool wait_until_ready() const {
        return wait_until([&] { return board()->ready != 0; });
    }

private:
    std::unique_ptr<Shared<Board>> board_;
};

TEST_F(ProcessTest, RunsFunctionWithArgumentsInSharedMemory) {
    Process process(add, board(), 40, 2);
    EXPECT_FALSE(process.is_alive());
    EXPECT_EQ(process.exitcode(), std::nullopt);
    EXPECT_EQ(process.pid(), std::nullopt);
    process.start();
    EXPECT_TRUE(process.join());
    EXPECT_FALSE(process.is_alive());
    EXPECT_EQ(process.exitcode(), 0);
    EXPECT_EQ(board()->number, 42);
}

TEST_F(ProcessTest, PassesWhatCerealKnowsAndPlainStructs) {
    const std::map<std::string, std::vector<int>> table{{"one", {1, 2, 3}}};
    EXPECT_EQ(run(Process(store_all, board(), table, Named{.name = "four", .values = {10}}, Point{.x = 100, .y = 0})),
              0);
    EXPECT_EQ(board()->number, 3 + 4 + 10 + 100);
}

TEST_F(ProcessTest, PassesLargeArguments) {
    const std::vector<double> numbers(1 << 20, 1.5);
    EXPECT_EQ(run(Process(store_size<std::vector<double>>, board(), numbers)), 0);
    EXPECT_EQ(board()->number, 1 << 20);
}

TEST_F(ProcessTest, RunsInstantiationsLambdasStaticMembersAndFunctionObjects) {
    EXPECT_EQ(run(Process(store_size<std::string>, board(), "literal")), 0);
    EXPECT_EQ(board()->number, 7);
    EXPECT_EQ(run(Process([](const Shared<Board>& there, int number) { there->number = number; }, board(), 5)), 0);
    EXPECT_EQ(board()->number, 5);
    EXPECT_EQ(run(Process(&Multiply::by_two, board())), 0);
    EXPECT_EQ(board()->number, 10);
    EXPECT_EQ(run(Process(Multiply{.factor = 3}, board())), 0);
    EXPECT_EQ(board()->number, 30);
}

TEST_F(ProcessTest, PassesValueAndArray) {
    const Value<int> value(1);
    const Array<double> array(3);
    EXPECT_EQ(run(Process(
                  [](const Value<int>& number, const Array<double>& row) {
                      number.set(7);
                      row.set(2, 2.5);
                  },
                  value, array)),
              0);
    EXPECT_EQ(value.get(), 7);
    EXPECT_EQ(array.get(2), 2.5);
}

TEST_F(ProcessTest, ExitCodeSaysHowItEnded) {
    EXPECT_EQ(run(Process([] { throw std::runtime_error("on purpose"); })), 1);
    EXPECT_EQ(run(Process([] { std::exit(7); })), 7);  // NOLINT(concurrency-mt-unsafe): the one thread there
    EXPECT_EQ(run(Process([] { _exit(9); })), 9);
    EXPECT_EQ(run(Process([] { pthread_exit(nullptr); })), 1);
    EXPECT_EQ(run(Process({.daemon = true}, [] { pthread_exit(nullptr); })), 1);
    EXPECT_EQ(run(Process(end_by, SIGABRT)), -SIGABRT);
    EXPECT_EQ(run(Process(end_by, SIGKILL)), -SIGKILL);
    EXPECT_NE(run(Process(overflow_stack, 0)), 0);
}

/// As with SIGCHLD ignored: it may be gone before start() has asked for its descriptor.
TEST_F(ProcessTest, ChildThatTheSystemCollectsHasEnded) {
    const auto before = signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 20; ++i) {
        Process process(Command{{"true"}});
        process.start();
        EXPECT_TRUE(process.join());
        EXPECT_EQ(process.exitcode(), 255);
        process.kill();
        process.close();
    }
    signal(SIGCHLD, before);
}

TEST_F(ProcessTest, StaticObjectsAreDestroyedAndThreadsJoinedAtItsEnd) {
    const auto leave_a_thread = [](const Shared<Board>& there) {
        static Thread late(
            [](const Shared<Board>& board) {
                std::this_thread::sleep_for(10ms);
                board->number = 6;
            },
            Shared<Board>::attach(there.fileno()));
        late.start();
    };
    EXPECT_EQ(run(Process(leave_a_thread, board())), 0);
    EXPECT_EQ(board()->number, 6);
}

TEST_F(ProcessTest, JoinTimesOutAndKillEndsIt) {
    Process process = make_waiting({.name = "sleeper"});
    EXPECT_EQ(process.name(), "sleeper");
    process.start();
    ASSERT_TRUE(wait_until_ready());
    EXPECT_EQ(board()->ready, process.pid());
    EXPECT_FALSE(process.join(0s));
    EXPECT_FALSE(process.join(1ms));
    EXPECT_TRUE(process.is_alive());
    process.kill();
    EXPECT_TRUE(process.join());
    EXPECT_EQ(process.exitcode(), -SIGKILL);
    process.kill();  // nothing happens
}

TEST_F(ProcessTest, TerminateWorksWithBlockedSignals) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    Process process = make_waiting();
    process.start();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ASSERT_TRUE(wait_until_ready());
    process.terminate();
    EXPECT_TRUE(process.join());
    EXPECT_EQ(process.exitcode(), -SIGTERM);
}

TEST_F(ProcessTest, ManyThreadsJoinIt) {
    Process process = make_waiting();
    process.start();
    std::atomic<int> joined{0};
    {
        const auto join = [&] { joined += process.join() && process.exitcode() == -SIGKILL ? 1 : 0; };
        const std::array threads{std::jthread(join), std::jthread(join), std::jthread(join), std::jthread(join)};
        ASSERT_TRUE(wait_until_ready());
        process.kill();
    }
    EXPECT_EQ(joined, 4);
}

/// Whether some thread waits for a process by now.
bool is_in_dump(std::string_view text) {
    return wait_until([&] {
        std::ostringstream out;
        dump(out);
        return out.str().find(text) != std::string::npos;
    });
}

TEST_F(ProcessTest, InterruptAndStopEndJoinAndDumpNamesTheProcess) {
    Process process = make_waiting();
    process.start();
    std::atomic<bool> was_interrupted{false};
    Thread joiner([&] {
        try {
            process.join();
        } catch (const InterruptedError&) {
            was_interrupted = true;
        }
    });
    joiner.start();
    EXPECT_TRUE(is_in_dump("multiprocessing.Process"));
    EXPECT_TRUE(is_in_dump(std::to_string(*process.pid())));
    interrupt(joiner);
    joiner.join();
    EXPECT_TRUE(was_interrupted);

    std::stop_source stop;
    Thread stopped([&] { was_interrupted = process.join(stop.get_token()); });
    stopped.start();
    EXPECT_TRUE(is_in_dump("multiprocessing.Process"));
    stop.request_stop();
    stopped.join();
    EXPECT_FALSE(was_interrupted);
    process.kill();
}

TEST_F(ProcessTest, SentinelIsReadyOnceItHasEnded) {
    Process process = make_waiting();
    EXPECT_THROW(process.sentinel(), RuntimeError);
    process.start();
    pollfd polled{.fd = process.sentinel(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&polled, 1, 0), 0);
    process.kill();
    EXPECT_EQ(poll(&polled, 1, -1), 1);
    EXPECT_TRUE(process.join(0s));
}

TEST_F(ProcessTest, DestructorEndsDaemonsAndWaitsForOthers) {
    {
        Process process = make_waiting({.daemon = true});
        process.start();
        ASSERT_TRUE(wait_until_ready());
    }
    EXPECT_EQ(::kill(board()->ready, 0), -1);
    {
        Process process(add, board(), 1, 1);
        process.start();
    }
    EXPECT_EQ(board()->number, 2);
}

TEST_F(ProcessTest, DestructorKillsDaemonThatIgnoresTermination) {
    {
        Process process(
            {.daemon = true},
            [](const Shared<Board>& there) {
                std::signal(SIGTERM, SIG_IGN);
                wait_for_ever(there);
            },
            board());
        process.start();
        ASSERT_TRUE(wait_until_ready());
    }
    EXPECT_EQ(::kill(board()->ready, 0), -1);
}

TEST_F(ProcessTest, DaemonEndsWithParentThatIsKilled) {
    Process parent(
        [](const Shared<Board>& there) {
            Process daemon({.daemon = true}, wait_for_ever, there);
            daemon.start();
            for (;;) pause();
        },
        board());
    parent.start();
    ASSERT_TRUE(wait_until_ready());
    parent.kill();
    parent.join();
    // An ended process that nobody collects would stay a zombie, which has no command line.
    EXPECT_TRUE(wait_until([&] {
        std::ostringstream path;
        path << "/proc/" << board()->ready << "/cmdline";
        FILE* const file = std::fopen(path.str().c_str(), "r");
        const bool is_gone = file == nullptr || std::fgetc(file) == EOF;
        if (file != nullptr) std::fclose(file);
        return is_gone;
    }));
}

TEST_F(ProcessTest, ProcessesStartProcesses) {
    const auto nested = [](const Shared<Board>& there) {
        Process inner(add, there, 20, 3);
        inner.start();
        inner.join();
        there->ready = *inner.exitcode() + 1;
    };
    EXPECT_EQ(run(Process(nested, board())), 0);
    EXPECT_EQ(board()->number, 23);
    EXPECT_EQ(board()->ready, 1);
}

TEST_F(ProcessTest, RunsCommands) {
    EXPECT_EQ(run(Process(Command{{"true"}})), 0);
    EXPECT_EQ(run(Process(Command{{"sh", "-c", "exit 3"}})), 3);
    EXPECT_EQ(run(Process({.name = "shell"}, Command{{"/bin/sh", "-c", "kill -9 $$"}})), -SIGKILL);
    EXPECT_THROW(Process(Command{}), ValueError);
}

TEST_F(ProcessTest, MissingProgramIsToldAndStartMayBeCalledAgain) {
    Process process(Command{{"/no/such/program"}});
    EXPECT_THROW(process.start(), FileNotFoundError);
    EXPECT_THROW(process.start(), FileNotFoundError);
    EXPECT_THROW(process.join(), RuntimeError);
}

TEST_F(ProcessTest, MisuseIsRefused) {
    Process process(add, board(), 1, 2);
    EXPECT_THROW(process.join(), RuntimeError);
    EXPECT_THROW(process.kill(), RuntimeError);
    process.start();
    EXPECT_THAT(message_of<RuntimeError>([&] { process.start(); }), HasSubstr("twice"));
    process.join();
    process.close();
    process.close();
    EXPECT_EQ(process.exitcode(), 0);
    EXPECT_THROW(process.join(), ValueError);
    EXPECT_THROW(process.sentinel(), ValueError);
    const Process moved = std::move(process);
    // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move): that is the test
    EXPECT_THROW(process.start(), RuntimeError);

    Process waiting = make_waiting();
    waiting.start();
    EXPECT_THROW(waiting.close(), ValueError);
    waiting.kill();
}

TEST_F(ProcessTest, FunctionsOutsideOfTheProgramAreRefused) {
    static const int data = 0;
    std::vector<char> heap(16);
    EXPECT_THAT(message_of<ValueError>([&] { detail::code_address(heap.data()); }), HasSubstr("library"));
    detail::CodeAddress address = detail::code_address(reinterpret_cast<const void*>(&end_by));
    EXPECT_EQ(detail::find_code(address), reinterpret_cast<const void*>(&end_by));
    EXPECT_THROW(detail::find_code(detail::code_address(&data)), RuntimeError);  // it is no code
    address.file ^= 1U;
    EXPECT_THAT(message_of<RuntimeError>([&] { detail::find_code(address); }), HasSubstr("another build"));
}

TEST_F(ProcessTest, StartBeforeFreezeSupportIsRefused) { EXPECT_THAT(said_before_main, HasSubstr("freeze_support()")); }

TEST_F(ProcessTest, ForkedChildMayNotUseIt) {
    Process process = make_waiting();
    process.start();
    testing::Child child([&] {
        const bool refused = message_of<RuntimeError>([&] { process.join(); }).find("forked") != std::string::npos;
        return refused ? 0 : 1;
    });
    EXPECT_EQ(child.join(), 0);
    EXPECT_TRUE(process.is_alive());
    process.kill();
}

TEST_F(ProcessTest, FullProcessTableIsToldAndLeavesNothing) {
    testing::Child child([&] {
        // Limits do not count for root.
        constexpr uid_t nobody = 54'321;
        if (geteuid() == 0 && setuid(nobody) != 0) return 2;
        const rlimit none{};
        setrlimit(RLIMIT_NPROC, &none);
        const std::size_t before = open_descriptors();
        Process process(add, board(), 1, 2);
        try {
            process.start();
        } catch (const OSError& error) {
            const bool all_closed = open_descriptors() == before + 1;  // of the argument
            return error.code().value() == EAGAIN && all_closed && !process.is_alive() ? 0 : 3;
        }
        return 4;
    });
    EXPECT_EQ(child.join(), 0);
}

TEST_F(ProcessTest, LeavesNoDescriptors) {
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(run(Process(add, board(), i, 2)), 0);
    // The one with which this thread is woken stays, if any of the waits had to sleep.
    EXPECT_LE(open_descriptors(), before + 1);
}

}  // namespace
}  // namespace threadwise::multiprocessing
