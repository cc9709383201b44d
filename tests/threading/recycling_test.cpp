#include "threadwise/recycling.hpp"

#include <dlfcn.h>
#include <fenv.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/backend.hpp"
#include "threadwise/threading.hpp"

namespace threadwise {
namespace {

/// See platform::is_as_new().
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool recycling_works = false;
#else
constexpr bool recycling_works = !threadwise::testing::portable_backend;
#endif

std::uint64_t native_id_after(const std::function<void()>& work) {
    std::uint64_t id = 0;
    Thread thread([&] {
        work();
        id = get_native_id();
    });
    thread.start();
    thread.join();
    return id;
}

void nothing() {}

class Recycling : public ::testing::Test {
protected:
    void SetUp() override {
        if (!recycling_works) GTEST_SKIP() << "this build never recycles";
    }
};

TEST_F(Recycling, UsesAnOsThreadAgain) { EXPECT_EQ(native_id_after(nothing), native_id_after(nothing)); }

/// Runs this program's test of that name anew, with another allocator before libc's.
int run_with_allocator(const char* library, const char* test) {
    const pid_t child = fork();
    if (child == 0) {
        setenv("LD_PRELOAD", library, 1);
        setenv("ALLOCATOR_OF_TEST", library, 1);
        execl("/proc/self/exe", "recycling_test", (std::string("--gtest_filter=") + test).c_str(),
              "--gtest_also_run_disabled_tests", nullptr);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Whether malloc() is that library's, and not libc's: the loader goes on if it does not find what it is to preload.
bool allocates_by(std::string_view library) {
    Dl_info found{};
    const void* const allocate = dlsym(RTLD_DEFAULT, "malloc");
    if (allocate == nullptr || dladdr(allocate, &found) == 0) return false;
    const std::string_view file(found.dli_fname);
    return file.substr(file.rfind('/') + 1).starts_with(library.substr(0, library.find(".so")));
}

constexpr int not_installed = 77;

TEST_F(Recycling, DISABLED_WithTheAllocatorOfTheEnvironment) {
    const char* const library = std::getenv("ALLOCATOR_OF_TEST");
    if (library == nullptr || !allocates_by(library)) std::_Exit(not_installed);
    const auto allocate = [] { std::vector<std::string>(100, std::string(100, 'x')); };
    EXPECT_EQ(native_id_after(allocate), native_id_after(allocate));
}

TEST_F(Recycling, WorksWithOtherAllocators) {
    int tried = 0;
    for (const char* const library : {"libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2"}) {
        const int code = run_with_allocator(library, "Recycling.DISABLED_WithTheAllocatorOfTheEnvironment");
        if (code == not_installed) continue;
        EXPECT_EQ(code, 0) << library;
        ++tried;
    }
    if (tried == 0) GTEST_SKIP() << "no other allocator is installed";
}

TEST_F(Recycling, CanBeForbidden) {
    EXPECT_TRUE(set_recycling(false));
    EXPECT_NE(native_id_after(nothing), native_id_after(nothing));
    EXPECT_FALSE(set_recycling(true));
}

TEST_F(Recycling, HandsOverOnlyWhatHasTheSameStack) {
    const std::uint64_t first = native_id_after(nothing);
    std::uint64_t second = 0;
    Thread other({.stack_size = 1 << 20}, [&] { second = get_native_id(); });
    other.start();
    other.join();
    EXPECT_NE(first, second);
}

TEST_F(Recycling, GivesEachThreadItsIdentity) {
    std::vector<std::uint32_t> idents;
    std::vector<std::string> names;
    for (int i = 0; i < 3; ++i) {
        Thread thread([&] {
            idents.push_back(get_ident());
            names.push_back(current_thread().name());
            std::array<char, 16> name{};
            pthread_getname_np(pthread_self(), name.data(), name.size());
            if (names.back() != name.data()) names.emplace_back("the OS shows another");
        });
        thread.start();
        thread.join();
        EXPECT_EQ(idents.back(), thread.ident());
        EXPECT_EQ(names.back(), thread.name());
    }
    EXPECT_NE(idents[0], idents[1]);
    EXPECT_NE(names[1], names[2]);
}

/// What must not be there in the next thread, whether or not its OS thread is the same.
struct Trace {
    const char* name;
    std::function<void()> leave;
    std::function<bool()> is_seen;
};

thread_local int plain = 3;
struct Destroyed {
    ~Destroyed() { ++count; }
    static inline std::atomic<int> count{0};
};

/// One that glibc keeps apart from the first 32.
pthread_key_t late_key() {
    static const pthread_key_t key = [] {
        pthread_key_t made{};
        for (int i = 0; i < 40; ++i) pthread_key_create(&made, nullptr);
        return made;
    }();
    return key;
}

pthread_key_t some_key() {
    static const pthread_key_t key = [] {
        pthread_key_t made{};
        pthread_key_create(&made, nullptr);
        return made;
    }();
    return key;
}

std::vector<Trace> traces() {
    some_key();
    late_key();
    return {
        {"thread_local", [] { plain = 4; }, [] { return plain != 3; }},
        {"specific value", [] { pthread_setspecific(some_key(), &plain); },
         [] { return pthread_getspecific(some_key()) != nullptr; }},
        {"specific value of a late key", [] { pthread_setspecific(late_key(), &plain); },
         [] { return pthread_getspecific(late_key()) != nullptr; }},
        {"signal mask",
         [] {
             sigset_t set;
             sigemptyset(&set);
             sigaddset(&set, SIGUSR2);
             pthread_sigmask(SIG_BLOCK, &set, nullptr);
         },
         [] {
             sigset_t set;
             pthread_sigmask(SIG_BLOCK, nullptr, &set);
             return sigismember(&set, SIGUSR2) == 1;
         }},
        {"niceness",
         [] {
             const auto self = static_cast<id_t>(gettid());
             setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + 1);
         },
         [usual = getpriority(PRIO_PROCESS, 0)] {
             return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())) != usual;
         }},
        {"scheduling policy",
         [] {
             const sched_param parameters{};
             pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
         },
         [] { return sched_getscheduler(0) == SCHED_BATCH; }},
        {"affinity",
         [] {
             cpu_set_t one{};
             CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
             sched_setaffinity(0, sizeof one, &one);
         },
         [all =
              [] {
                  cpu_set_t set{};
                  sched_getaffinity(0, sizeof set, &set);
                  return CPU_COUNT(&set);
              }()] {
             cpu_set_t set{};
             sched_getaffinity(0, sizeof set, &set);
             return CPU_COUNT(&set) != all;
         }},
        {"rounding", [] { fesetround(FE_UPWARD); }, [] { return fegetround() != FE_TONEAREST; }},
        {"raised flags", [] { feraiseexcept(FE_INEXACT); }, [] { return fetestexcept(FE_INEXACT) != 0; }},
        {"errno", [] { errno = EDOM; }, [] { return errno == EDOM; }},
        {"name", [] { pthread_setname_np(pthread_self(), "left behind"); },
         [] {
             std::array<char, 16> name{};
             pthread_getname_np(pthread_self(), name.data(), name.size());
             return std::string(name.data()) == "left behind";
         }},
        {"signal stack",
         [] {
             static std::array<char, 65536> memory;
             stack_t stack{};
             stack.ss_sp = memory.data();
             stack.ss_size = memory.size();
             sigaltstack(&stack, nullptr);
         },
         [] {
             stack_t stack{};
             sigaltstack(nullptr, &stack);
             return stack.ss_flags != SS_DISABLE;
         }},
        {"cancellation", [] { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr); },
         [] {
             int state = 0;
             pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
             return state != PTHREAD_CANCEL_ENABLE;
         }},
    };
}

TEST(RecycledThread, SeesNothingOfTheOneBefore) {
    for (const Trace& trace : traces()) {
        // The address sanitizer gives each thread one, and frees what it finds there as the thread ends.
        if (std::string_view(trace.name) == "signal stack" && !recycling_works) continue;
        Thread first(trace.leave);
        first.start();
        first.join();
        bool seen = true;
        Thread second([&] { seen = trace.is_seen(); });
        second.start();
        second.join();
        EXPECT_FALSE(seen) << trace.name;
    }
}

TEST(RecycledThread, InheritsFromItsStarter) {
    native_id_after(nothing);  // leaves an OS thread with the other rounding on offer
    const int old = fegetround();
    fesetround(FE_DOWNWARD);
    int seen = 0;
    Thread thread([&] { seen = fegetround(); });
    thread.start();
    thread.join();
    fesetround(old);
    EXPECT_EQ(seen, FE_DOWNWARD);
}

TEST(RecycledThread, DestroysThreadLocalsBeforeItIsJoined) {
    Destroyed::count = 0;
    for (int i = 1; i <= 20; ++i) {
        native_id_after([] { static thread_local Destroyed object; });
        EXPECT_EQ(Destroyed::count, i);
    }
}

TEST(RecyclingStress, ManyStartersAtOnce) {
    std::atomic<int> runs{0};
    std::vector<Thread> starters;
    for (int i = 0; i < 4; ++i) {
        starters.emplace_back([&, i] {
            for (int round = 0; round < 500; ++round) {
                Thread thread([&] {
                    if (round % 7 == 0) plain = round;  // some are not as new afterwards
                    ++runs;
                });
                thread.start();
                if ((round + i) % 3 == 0) std::this_thread::yield();
            }
        });
        starters.back().start();
    }
    for (Thread& starter : starters) starter.join();
    EXPECT_EQ(runs, 2000);
}

}  // namespace
}  // namespace threadwise
