#pragma once
// Forks while all other threads are busy: the child can use the library, and ends.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "storm/world.hpp"
#include "threadwise/event.hpp"
#include "threadwise/queue.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/task_group.hpp"
#include "threadwise/thread_pool_executor.hpp"
#include "threadwise/timer.hpp"

namespace threadwise::storm {

class Children final : public Part {
public:
    using Part::Part;

    /// One at a time: a fork is dear.
    void act(Choices& choices) override {
        const bool exits = choices.one_in(2);
        if (!possible || running_.exchange(true)) return;
        const pid_t child = fork();
        if (child == 0) live(exits);
        int status = 0;
        world().expect(child > 0 && waitpid(child, &status, 0) == child, "there is no child to be had");
        world().expect(WIFEXITED(status) && WEXITSTATUS(status) == all_well, "a forked child failed or did not end");
        running_ = false;
    }

private:
// The thread sanitizer ends a child that starts a thread; gcc 12's address sanitizer does not hold its allocator's
// locks over a fork. The portable backend's children have to exec.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    static constexpr bool possible = false;
#else
    static constexpr bool possible = THREADWISE_PORTABLE_BACKEND == 0;
#endif
    static constexpr int all_well = 42;

    [[noreturn]] static void live(bool exits) {
        alarm(120);                                                                        // ends it if it hangs
        unless_interrupted([] { return sleep_for(std::chrono::microseconds(1)), true; });  // an interrupt of before
        if (!works()) _exit(1);
        if (exits) std::exit(all_well);
        _exit(all_well);
    }

    static bool works() {
        Queue<int> queue(2);
        Event event;
        Thread putter([&] {
            for (int i = 0; i < 10; ++i) queue.put(i);
            event.wait();
        });
        putter.start();
        int sum = 0;
        for (int i = 0; i < 10; ++i) sum += queue.get();
        event.set();
        putter.join();

        ThreadPoolExecutor pool(2);
        const int result =
            pool.submit([] { return 1; }).then([](const auto& one) { return one.result() + 1; }).result();
        std::atomic<int> runs{0};
        TaskGroup group;
        for (int i = 0; i < 10; ++i) group.run([&] { ++runs; });
        group.wait();

        Timer timer(std::chrono::milliseconds(1), [&] { ++runs; });
        timer.start();
        timer.join();
        // Goes on while the child ends.
        Thread({.daemon = true}, [] {
            for (;;) sleep_for(std::chrono::microseconds(10));
        }).start();
        return sum == 45 && result == 2 && runs == 11;
    }

    std::atomic<bool> running_{false};
};

}  // namespace threadwise::storm
