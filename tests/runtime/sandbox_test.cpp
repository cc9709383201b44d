// A process in a sandbox that refuses a system call, from some moment on, works as before, or does without what the
// call is for.

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "support/backend.hpp"
#include "support/sleepers.hpp"
#include "threadwise/dump.hpp"
#include "threadwise/multiprocessing/errors.hpp"
#include "threadwise/multiprocessing/shared_memory.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

constexpr int no_sandbox = 77;

/// From now on the filter answers that system call so, in this thread and those that it starts.
void answer(long number, std::uint32_t action) {
    std::array<sock_filter, 4> filter{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{.len = filter.size(), .filter = filter.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        std::_Exit(no_sandbox);
    }
}

/// From now on that system call fails with that error.
void refuse(long number, int error) { answer(number, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)); }

/// Something of everything that asks the system.
void use_threads() {
    for (int round = 0; round < 3; ++round) {
        Lock lock;
        SharedLock shared;
        Queue<int> queue(2);
        Latch latch(2);
        long count = 0;
        std::vector<std::unique_ptr<Thread>> threads;
        for (int i = 0; i < 2; ++i) {
            threads.push_back(std::make_unique<Thread>([&, i] {
                for (int k = 0; k < 500; ++k) {
                    const std::scoped_lock hold(lock);
                    ++count;
                }
                { const std::shared_lock hold(shared); }
                for (int k = 0; k < 50; ++k) i == 0 ? queue.put(k) : void(queue.get());
                latch.arrive_and_wait();
            }));
            threads.back()->start();
        }
        std::ostringstream text;
        dump(text);
        { const std::scoped_lock hold(shared); }
        for (const auto& thread : threads) thread->join();
        if (count != 1'000 || text.str().empty()) std::_Exit(1);
    }
    sleep_for(std::chrono::milliseconds(1));
}

class Sandbox : public ::testing::TestWithParam<long> {};

TEST_P(Sandbox, ThatRefusesASystemCallIsNoTrouble) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitizers need these calls themselves";
#endif
    for (const int error : {ENOSYS, EPERM}) {
        const pid_t child = fork();
        if (child == 0) {
            refuse(GetParam(), error);
            use_threads();
            std::_Exit(0);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == no_sandbox) GTEST_SKIP() << "no filter can be set here";
        EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
        EXPECT_EQ(WEXITSTATUS(status), 0);
    }
}

/// Another thread uses `lock` while this one holds it.
template <class AnyLock>
void contend(AnyLock& lock) {
    lock.lock();
    Thread thread([&lock] {
        lock.lock();
        lock.unlock();
    });
    thread.start();
    while (threadwise::testing::asleep_for(&lock) == 0) std::this_thread::yield();
    lock.unlock();
    thread.join();
}

/// Everything that relies on the fence.
struct Fenced {
    Lock lock;
    InterpreterLock interpreter;
    SharedLock shared;
    Queue<int> queue;

    /// Biased to this thread.
    Fenced() {
        for (int i = 0; i < 1'000; ++i) {
            { const std::shared_lock hold(shared); }
            queue.put(i);
        }
    }

    void use() {
        contend(lock);
        contend(interpreter);
        { const std::scoped_lock hold(shared); }
        Thread thread([this] { queue.put(0); });
        thread.start();
        thread.join();
        for (int i = 0; i < 1'000; ++i) {
            { const std::shared_lock hold(shared); }
            queue.put(i);
        }
    }
};

// A name whose lock is refused is not left behind, and the error is said.
TEST(SandboxWithoutFileLocks, MakesNoNamedMemory) {
    THREADWISE_NEEDS("shared memory");
    const std::string name = "test-" + std::to_string(getpid()) + "-without-lock";
    const pid_t child = fork();
    if (child == 0) {
        refuse(SYS_flock, ENOLCK);
        try {
            const multiprocessing::SharedMemory memory({.name = name, .create = true, .size = 1});
        } catch (const OSError& error) {
            std::_Exit(error.code() == std::errc::no_lock_available ? 0 : 1);
        }
        std::_Exit(2);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == no_sandbox) GTEST_SKIP() << "no filter can be set here";
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(std::filesystem::exists("/dev/shm/" + name));
}

// A system that refuses the fence which it gave at first costs a millisecond or two in each place, and nothing later.
TEST(SandboxWithoutFence, IsWaitedForOnlyOnce) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitizers need system calls themselves";
#endif
    const pid_t child = fork();
    if (child == 0) {
        Fenced fenced;
        refuse(SYS_membarrier, EPERM);
        fenced.use();
        answer(SYS_clock_nanosleep, SECCOMP_RET_KILL_PROCESS);
        for (int i = 0; i < 3; ++i) fenced.use();
        Fenced().use();
        std::_Exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == no_sandbox) GTEST_SKIP() << "no filter can be set here";
    EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

INSTANTIATE_TEST_SUITE_P(Calls, Sandbox,
                         ::testing::Values(SYS_membarrier, SYS_set_robust_list, SYS_get_robust_list, SYS_sched_getattr,
                                           SYS_sched_getaffinity, SYS_openat, SYS_memfd_create, SYS_sigaltstack,
                                           SYS_rt_sigpending));

}  // namespace
}  // namespace threadwise
