/// process-task: a call that does nothing, of many on their way through a pool of two processes; process-task-alone:
/// one whose result is waited for. process-bytes: 100 MB to a worker of the pool and back. process-start: a process of
/// the program itself, from its start to its end.
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "support/bench.hpp"
#include "support/timing.hpp"
#include "threadwise/multiprocessing/process.hpp"
#include "threadwise/process_pool_executor.hpp"

namespace {

using threadwise::Future;
using threadwise::ProcessPoolExecutor;
using threadwise::multiprocessing::Process;

/// How many calls are on their way at once.
constexpr std::size_t window = 256;
constexpr std::size_t many_bytes = 100'000'000;

void nothing() {}
std::string same(std::string text) { return text; }

/// One pool for all rounds, whose workers sleep while others are measured.
std::shared_ptr<ProcessPoolExecutor> warm_pool() {
    auto pool = std::make_shared<ProcessPoolExecutor>(threadwise::ProcessPoolOptions{.max_workers = 2});
    std::vector<Future<void>> calls;
    calls.reserve(8);
    for (int i = 0; i < 8; ++i) calls.push_back(pool->submit(nothing));
    for (const auto& call : calls) call.result();
    return pool;
}

bench::Sample tasks(const std::shared_ptr<ProcessPoolExecutor>& pool, std::size_t at_once) {
    return bench::microseconds_each([pool, at_once](std::size_t n) {
        const auto start = bench::Clock::now();
        std::vector<Future<void>> calls;
        for (std::size_t done = 0; done < n; done += at_once) {
            calls.clear();
            for (std::size_t i = 0; i < std::min(at_once, n - done); ++i) calls.push_back(pool->submit(nothing));
            for (const auto& call : calls) call.result();
        }
        return bench::seconds_since(start);
    });
}

/// A child that sends each byte back: what any pool on sockets pays for a call alone.
class Echo {
public:
    Echo() {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) _exit(1);
        child_ = fork();
        if (child_ == 0) {
            close(ends[0]);
            char byte = 0;
            while (read(ends[1], &byte, 1) == 1 && write(ends[1], &byte, 1) == 1) {}
            _exit(0);
        }
        close(ends[1]);
        end_ = ends[0];
    }
    ~Echo() {
        close(end_);
        waitpid(child_, nullptr, 0);
    }
    Echo(const Echo&) = delete;
    Echo& operator=(const Echo&) = delete;

    void call() const {
        char byte = 1;
        if (write(end_, &byte, 1) != 1 || read(end_, &byte, 1) != 1) _exit(1);
    }

private:
    int end_ = -1;
    pid_t child_ = -1;
};

bench::Sample echoes() {
    return bench::microseconds_each(
        [echo = std::make_shared<Echo>()](std::size_t n) { return bench::timed(n, [&] { echo->call(); }); });
}

bench::Sample milliseconds_of(bench::Repeat once) {
    return [once = std::move(once)] { return std::vector{once(1) * 1e3}; };
}

bench::Sample bytes_to_and_fro(const std::shared_ptr<ProcessPoolExecutor>& pool) {
    return milliseconds_of([pool, text = std::string(many_bytes, 'x')](std::size_t n) {
        return bench::timed(n, [&] { bench::consume(pool->submit(same, text).result()); });
    });
}

bench::Sample copies() {
    return milliseconds_of([from = std::string(many_bytes, 'x'), to = std::string(many_bytes, 'y')](std::size_t n) {
        auto* const target = const_cast<char*>(to.data());
        return bench::timed(n, [&] {
            for (int i = 0; i < 2; ++i) {
                std::memcpy(target, from.data(), many_bytes);
                bench::expose(*target);
            }
        });
    });
}

bench::Sample processes() {
    return bench::microseconds_each([](std::size_t n) {
        return bench::timed(n, [] {
            Process process(nothing);
            process.start();
            process.join();
        });
    });
}

bench::Sample spawned() {
    return bench::microseconds_each([](std::size_t n) {
        return bench::timed(n, [] {
            char program[] = "/bin/true";
            char* arguments[] = {program, nullptr};
            pid_t child = 0;
            if (posix_spawn(&child, program, nullptr, nullptr, arguments, environ) != 0) _exit(1);
            waitpid(child, nullptr, 0);
        });
    });
}

}  // namespace

int main(int argc, char** argv) {
    threadwise::multiprocessing::freeze_support();
    const bench::Run run(argc, argv);
    // Before the pool has threads: it forks.
    const bench::Sample echo = echoes();
    const auto pool = warm_pool();
    run.ask({{"process-task", "us"}}, {{"threadwise", tasks(pool, window)}});
    run.ask({{"process-task-alone", "us"}}, {{"threadwise", tasks(pool, 1)}, {"socket pair", echo}});
    run.ask({{"process-bytes", "ms"}}, {{"threadwise", bytes_to_and_fro(pool)}, {"memcpy", copies()}});
    run.ask({{"process-start", "us"}}, {{"threadwise", processes()}, {"posix_spawn(true)", spawned()}});
}
