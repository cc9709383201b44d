#include "threadwise/process_pool_executor.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "support/backend.hpp"
#include "support/child.hpp"
#include "support/end_by_signal.hpp"
#include "support/process_main.hpp"
#include "support/threads.hpp"
#include "threadwise/as_completed.hpp"
#include "threadwise/executor.hpp"
#include "threadwise/multiprocessing/process.hpp"
#include "threadwise/multiprocessing/shared_memory.hpp"

namespace threadwise {
namespace {

using namespace std::chrono_literals;
using testing::end_by;
using ::testing::HasSubstr;
using testing::wait_until;

static_assert(Executor<ProcessPoolExecutor>);

struct Point {
    int x;
    int y;
};

class OwnError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A result that cannot be written down at run time.
struct Unwritable {
    template <class Archive>
    void save(Archive& /*archive*/) const {
        throw std::length_error("cannot be written");
    }
    template <class Archive>
    void load(Archive& /*archive*/) {}
};

int add(int first, int second) { return first + second; }
int own_pid() { return getpid(); }
void do_nothing() {}

/// Files tell the test how far a call is: a pool passes no shared memory.
void touch(const std::string& path) { close(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); }

void say_and_wait(const std::string& path) {
    touch(path);
    for (;;) pause();
}

int count_initialized = 0;
void initialize(int by) { count_initialized += by; }

template <class Error, class Call>
std::string message_of(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "nothing of that type was thrown";
}

template <class Error, class T>
std::string failure_of(const Future<T>& future) {
    return message_of<Error>([&] { static_cast<void>(future.result()); });
}

bool is_gone(int pid) {
    return wait_until([&] { return kill(pid, 0) != 0; });
}

class ProcessPoolTest : public ::testing::Test {
protected:
    void SetUp() override {
        THREADWISE_NEEDS("processes");
        folder_ = std::filesystem::temp_directory_path() / ("threadwise-pool-" + std::to_string(getpid()));
        std::filesystem::create_directory(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return folder_ / name; }
    bool wait_for(const std::string& name) const {
        return wait_until([&] { return std::filesystem::exists(path(name)); });
    }

private:
    std::filesystem::path folder_;
};

TEST_F(ProcessPoolTest, MakesCallsInOtherProcesses) {
    ProcessPoolExecutor pool(2);
    EXPECT_EQ(pool.max_workers(), 2);
    EXPECT_EQ(pool.submit(add, 40, 2).result(), 42);
    EXPECT_NE(pool.submit(own_pid).result(), getpid());
    pool.submit(do_nothing).result();
    EXPECT_EQ(pool.submit([](const std::string& text) { return text + "!"; }, "text").result(), "text!");
    const Point point = pool.submit([](Point given) { return Point{given.y, given.x}; }, Point{1, 2}).result();
    EXPECT_EQ(point.x, 2);
    const std::vector<int> large(1 << 20, 7);
    EXPECT_EQ(pool.submit([](std::vector<int> numbers) { return numbers; }, large).result(), large);
}

TEST_F(ProcessPoolTest, ManyCallsFromManyThreads) {
    ProcessPoolExecutor pool(3);
    testing::run_together(3, [&](std::size_t thread) {
        std::vector<Future<int>> futures;
        for (int i = 0; i < 100; ++i) futures.push_back(pool.submit(add, i, static_cast<int>(thread)));
        for (int i = 0; i < 100; ++i) {
            EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(), i + static_cast<int>(thread));
        }
    });
}

TEST_F(ProcessPoolTest, MapGivesResultsInOrder) {
    ProcessPoolExecutor pool(2);
    std::vector<int> numbers(50);
    std::iota(numbers.begin(), numbers.end(), 0);
    for (const int chunksize : {1, 7, 100}) {
        int expected = 0;
        for (const int result : pool.map({.chunksize = chunksize, .buffersize = 2}, add, numbers, numbers)) {
            EXPECT_EQ(result, 2 * expected++);
        }
        EXPECT_EQ(expected, 50);
    }
    int count = 0;
    for ([[maybe_unused]] const auto& nothing : pool.map([](int) {}, numbers)) ++count;
    EXPECT_EQ(count, 50);
    EXPECT_THROW(pool.map({.chunksize = 0}, add, numbers, numbers), ValueError);
}

TEST_F(ProcessPoolTest, ExceptionsArriveAsThemselves) {
    ProcessPoolExecutor pool(1);
    const auto out_of_range = pool.submit([] { throw std::out_of_range("too far"); });
    EXPECT_EQ(failure_of<std::out_of_range>(out_of_range), "too far");
    const auto value = pool.submit([] { throw ValueError("a value"); });
    EXPECT_EQ(failure_of<ValueError>(value), "a value");
    const auto missing =
        pool.submit([] { return multiprocessing::SharedMemory({.name = "threadwise-no-such"}).size(); });
    const std::string here =
        message_of<FileNotFoundError>([] { multiprocessing::SharedMemory({.name = "threadwise-no-such"}); });
    EXPECT_EQ(failure_of<FileNotFoundError>(missing), here);
    const auto own = pool.submit([] { throw OwnError("of my own"); });
    EXPECT_THAT(failure_of<RemoteError>(own), HasSubstr("OwnError: of my own"));
    const auto number = pool.submit([] { throw 7; });  // NOLINT(hicpp-exception-baseclass): that is the test
    EXPECT_THAT(failure_of<RemoteError>(number), HasSubstr("int"));
    const auto unwritable = pool.submit([] { return Unwritable(); });
    EXPECT_EQ(failure_of<std::length_error>(unwritable), "cannot be written");
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2);
}

TEST_F(ProcessPoolTest, DeathOfAWorkerFailsItsCallAlone) {
    ProcessPoolExecutor pool(1);
    const auto killed = pool.submit(end_by, SIGKILL);
    const auto next = pool.submit(add, 1, 2);
    const auto left = pool.submit([] { std::exit(7); });  // NOLINT(concurrency-mt-unsafe): the one thread there
    const auto aborted = pool.submit(end_by, SIGABRT);
    const auto last = pool.submit(add, 3, 4);
    EXPECT_THAT(failure_of<BrokenProcessPool>(killed), HasSubstr("killed by signal 9"));
    EXPECT_EQ(next.result(), 3);
    EXPECT_THAT(failure_of<BrokenProcessPool>(left), HasSubstr("exit code 7"));
    EXPECT_THAT(failure_of<BrokenProcessPool>(aborted), HasSubstr("killed by signal 6"));
    EXPECT_EQ(last.result(), 7);
}

TEST_F(ProcessPoolTest, WorkerKilledWhileIdleCostsNothing) {
    ProcessPoolExecutor pool(1);
    for (int i = 0; i < 10; ++i) {
        const int pid = pool.submit(own_pid).result();
        kill(pid, SIGKILL);
        EXPECT_EQ(pool.submit(add, i, 1).result(), i + 1);
    }
}

TEST_F(ProcessPoolTest, WorkerKilledInTheMiddleIsTold) {
    ProcessPoolExecutor pool(1);
    const int pid = pool.submit(own_pid).result();
    const auto waiting = pool.submit(say_and_wait, path("begun"));
    ASSERT_TRUE(wait_for("begun"));
    kill(pid, SIGKILL);
    EXPECT_THAT(failure_of<BrokenProcessPool>(waiting), HasSubstr("killed by signal 9"));
    EXPECT_NE(pool.submit(own_pid).result(), pid);
}

TEST_F(ProcessPoolTest, TimeLimitEndsCallAndProcess) {
    ProcessPoolExecutor pool(1);
    const int pid = pool.submit(own_pid).result();
    const auto endless = pool.submit({.time_limit = 50ms}, [] {
        for (;;) pause();
    });
    EXPECT_THAT(failure_of<TimeoutError>(endless), HasSubstr("time limit"));
    EXPECT_TRUE(is_gone(pid));
    EXPECT_EQ(pool.submit({.time_limit = 1h}, add, 1, 1).result(), 2);
}

TEST_F(ProcessPoolTest, CallThatClosesDescriptorsOrForksIsAnswered) {
    ProcessPoolExecutor pool(1);
    const auto closing = pool.submit([] {
        for (int i = 0; i < 100; ++i) close(i);
    });
    EXPECT_THROW(closing.result(), BrokenProcessPool);
    // The forked process keeps the worker's end of the connection open.
    const auto forking = pool.submit(
        [](const std::string& until) {
            if (fork() == 0) {
                for (int i = 0; i < 20'000 && access(until.c_str(), F_OK) != 0; ++i) usleep(1000);
                _exit(0);
            }
            _exit(3);
        },
        path("may end"));
    EXPECT_THAT(failure_of<BrokenProcessPool>(forking), HasSubstr("exit code 3"));
    touch(path("may end"));
    EXPECT_EQ(pool.submit(add, 1, 1).result(), 2);
    EXPECT_THAT(failure_of<BrokenProcessPool>(pool.submit([] { pthread_exit(nullptr); })), HasSubstr("exit code 1"));
}

/// A fork that goes on, as the worker's copy, after the call.
TEST_F(ProcessPoolTest, ForkedProcessThatReturnsFromTheCallAnswersNothing) {
    ProcessPoolExecutor pool(1);
    const auto returning = [](const std::string& forked) { return fork() == 0 ? forked : std::to_string(getpid()); };
    const auto throwing = [] {
        const int child = fork();
        if (child == 0) throw OwnError("in the fork");
        int status = -1;
        waitpid(child, &status, 0);
        return status;
    };
    for (int i = 0; i < 5; ++i) {
        const std::string worker = std::to_string(pool.submit(own_pid).result());
        EXPECT_EQ(pool.submit(returning, "forked").result(), worker);
        EXPECT_EQ(pool.submit(throwing).result(), 0);
        EXPECT_EQ(pool.submit(add, i, 40).result(), i + 40);
    }
}

TEST_F(ProcessPoolTest, CancelWorksUntilTheCallBegins) {
    ProcessPoolExecutor pool(1);
    const auto running = pool.submit(say_and_wait, path("begun"));
    const auto waiting = pool.submit(add, 1, 1);
    ASSERT_TRUE(wait_for("begun"));
    EXPECT_EQ(pool.queued(), 1U);
    EXPECT_TRUE(waiting.cancel());
    EXPECT_FALSE(running.cancel());
    pool.kill_workers();
    EXPECT_THROW(running.result(), BrokenProcessPool);
    EXPECT_THROW(waiting.result(), CancelledError);
}

TEST_F(ProcessPoolTest, InitializerRunsInEachWorker) {
    ProcessPoolExecutor pool({.max_workers = 1, .initializer = RemoteCall(initialize, 3), .max_tasks_per_child = 2});
    std::set<int> processes;
    for (int i = 0; i < 4; ++i) {
        processes.insert(pool.submit(own_pid).result());
        EXPECT_EQ(pool.submit([] { return count_initialized; }).result(), 3);
    }
    EXPECT_EQ(processes.size(), 4U);
    EXPECT_EQ(count_initialized, 0);
}

TEST_F(ProcessPoolTest, FailedInitializerBreaksThePool) {
    ProcessPoolExecutor pool(
        {.max_workers = 1, .initializer = RemoteCall([] { throw std::runtime_error("no data"); })});
    const auto call = pool.submit(add, 1, 1);
    EXPECT_THAT(failure_of<BrokenProcessPool>(call), HasSubstr("no data"));
    EXPECT_THROW(pool.submit(add, 1, 1), BrokenProcessPool);

    ProcessPoolExecutor dying({.max_workers = 1, .initializer = RemoteCall(end_by, SIGKILL)});
    const auto other = dying.submit(add, 1, 1);
    EXPECT_THAT(failure_of<BrokenProcessPool>(other), HasSubstr("killed by signal 9"));
}

TEST_F(ProcessPoolTest, ShutdownEndsProcessesAndRefusesCalls) {
    ProcessPoolExecutor pool(1);
    const int pid = pool.submit(own_pid).result();
    const auto last = pool.submit(add, 1, 1);
    pool.shutdown();
    EXPECT_TRUE(last.done());
    EXPECT_EQ(kill(pid, 0), -1);
    EXPECT_THROW(pool.submit(add, 1, 1), RuntimeError);
    EXPECT_THROW(ProcessPoolExecutor(0), ValueError);
    EXPECT_THROW(ProcessPoolExecutor({.max_tasks_per_child = 0}), ValueError);
}

TEST_F(ProcessPoolTest, TerminateWorkersEndsThem) {
    ProcessPoolExecutor pool(2);
    const auto running = pool.submit(say_and_wait, path("begun"));
    ASSERT_TRUE(wait_for("begun"));
    pool.terminate_workers();
    EXPECT_THAT(failure_of<BrokenProcessPool>(running), HasSubstr("signal 15"));
    EXPECT_THROW(pool.submit(add, 1, 1), RuntimeError);
}

TEST_F(ProcessPoolTest, WorkersEndWithTheProgramThatIsKilled) {
    multiprocessing::Process program(
        [](const std::string& begun, const std::string& ready) {
            ProcessPoolExecutor pool(1);
            const int pid = pool.submit(own_pid).result();
            touch(begun + std::to_string(pid));
            touch(ready);
            pool.submit([] {
                    for (;;) pause();
                })
                .result();
        },
        path("worker-"), path("ready"));
    program.start();
    ASSERT_TRUE(wait_for("ready"));
    std::string pid;
    for (const auto& entry : std::filesystem::directory_iterator(path(""))) {
        const std::string name = entry.path().filename();
        if (name.starts_with("worker-")) pid = name.substr(7);
    }
    program.kill();
    program.join();
    // An ended process that nobody collects stays as a zombie, which has no memory map.
    EXPECT_TRUE(wait_until([&] {
        std::error_code error;
        static_cast<void>(std::filesystem::read_symlink("/proc/" + pid + "/exe", error));
        return bool(error);
    }));
}

TEST_F(ProcessPoolTest, ProgramThatEndsWaitsForItsCalls) {
    multiprocessing::Process program(
        [](const std::string& done) {
            static ProcessPoolExecutor pool(1);
            pool.submit(touch, done);
        },
        path("done"));
    program.start();
    program.join();
    EXPECT_EQ(program.exitcode(), 0);
    EXPECT_TRUE(std::filesystem::exists(path("done")));
}

TEST_F(ProcessPoolTest, CallsMakePoolsOfTheirOwn) {
    ProcessPoolExecutor pool(1);
    EXPECT_EQ(pool.submit([] { return ProcessPoolExecutor(1).submit(add, 20, 3).result(); }).result(), 23);
}

TEST_F(ProcessPoolTest, WorksWhereAnyExecutorIsTaken) {
    ProcessPoolExecutor pool(2);
    std::vector<Future<int>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(add, i, 0));
    int sum = 0;
    for (const auto& done : as_completed(futures)) sum += done.result();
    EXPECT_EQ(sum, 45);
    EXPECT_EQ(pool.submit(add, 1, 2).then([](const Future<int>& three) { return three.result() + 1; }).result(), 4);
}

/// Limits do not count for root: becomes another user.
void make_calls_without_processes() {
    constexpr uid_t nobody = 54'322;
    if (geteuid() == 0 && setuid(nobody) != 0) _exit(2);
    ProcessPoolExecutor pool(1);
    static_cast<void>(pool.submit(end_by, SIGKILL).exception());  // the pool's thread is there, but no process
    const rlimit none{};
    setrlimit(RLIMIT_NPROC, &none);
    const auto call = pool.submit(add, 1, 1);
    const bool is_told = failure_of<OSError>(call).find("can't start the process") != std::string::npos;
    pool.shutdown();
    _exit(is_told ? 0 : 3);  // the leak sanitizer would start a process
}

TEST_F(ProcessPoolTest, NoProcessToBeHadFailsTheCall) {
    multiprocessing::Process program(make_calls_without_processes);
    program.start();
    program.join();
    EXPECT_EQ(program.exitcode(), 0);
}

TEST_F(ProcessPoolTest, ForkedChildMayNotUseIt) {
    ProcessPoolExecutor pool(1);
    testing::Child child([&] {
        return message_of<RuntimeError>([&] { pool.submit(add, 1, 1); }).find("forked") != std::string::npos ? 0 : 1;
    });
    EXPECT_EQ(child.join(), 0);
}

}  // namespace
}  // namespace threadwise
