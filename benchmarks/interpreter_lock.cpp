/// gil-reply-p50-N, gil-reply-p99-N, gil-share-N: a server thread beside N that compute, all in one interpreter.
/// gil-uncontended, gil-checkpoint: what the lock costs when nobody waits.
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/bench.hpp"
#include "support/cpython_gil.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"
#include "threadwise/interpreter_lock.hpp"
#include "threadwise/lock.hpp"

namespace {

using namespace std::chrono_literals;

constexpr auto between_requests = 1ms;
constexpr auto alone_for = 75ms;
constexpr auto asked_for = 150ms;

/// How far those who compute have come together, and when that was.
struct Progress {
    std::uint64_t count;
    std::uint64_t nanoseconds;

    double rate_since(const Progress& before) const {
        return static_cast<double>(count - before.count) / static_cast<double>(nanoseconds - before.nanoseconds);
    }
};

/// Two ends of a connection.
struct Connection {
    Connection() {
        std::array<int, 2> ends{};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
        client = ends[0];
        server = ends[1];
    }

    int client;
    int server;
};

class Client {
public:
    explicit Client(int socket) : socket_(socket) {}
    ~Client() { close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    Progress progress() const {
        Progress progress{};
        ask('c', &progress, sizeof progress);
        return progress;
    }

    /// In microseconds.
    double reply_time() const {
        const auto start = bench::Clock::now();
        char reply = 0;
        ask('p', &reply, 1);
        return bench::seconds_since(start) * 1e6;
    }

private:
    void ask(char request, void* reply, std::size_t size) const {
        const bool asked = send(socket_, &request, 1, 0) == 1;
        if (!asked || recv(socket_, reply, size, MSG_WAITALL) != static_cast<ssize_t>(size)) {
            std::fputs("the server is gone\n", stderr);
            std::exit(1);
        }
    }

    int socket_;
};

/// p50, p99, and the share that those who compute keep; in one run.
std::vector<double> measure(const Client& client) {
    client.progress();  // once, for all to have begun
    const Progress begin = client.progress();
    std::this_thread::sleep_for(alone_for);
    const Progress alone = client.progress();
    std::vector<double> times;
    const auto start = bench::Clock::now();
    for (auto next = start; next < start + asked_for; next = std::max(next + between_requests, bench::Clock::now())) {
        std::this_thread::sleep_until(next);
        times.push_back(client.reply_time());
    }
    const Progress asked = client.progress();
    std::sort(times.begin(), times.end());
    const double share = alone.count == 0 ? 1 : asked.rate_since(alone) / alone.rate_since(begin);
    return {times[times.size() / 2], times[times.size() * 99 / 100], share};
}

/// Threads that share one interpreter, as CPython's do in interpreter_lock.py.
template <class Gil>
class Interpreter {
public:
    Interpreter(int socket, std::size_t computing) : socket_(socket), counts_(new Count[computing]), size_(computing) {
        for (std::size_t me = 0; me < computing; ++me)
            threads_.emplace_back([this, me] { compute(counts_[me].value); });
        threads_.emplace_back([this] { serve(); });
    }
    ~Interpreter() {
        for (std::thread& thread : threads_) thread.join();
        close(socket_);
    }
    Interpreter(const Interpreter&) = delete;
    Interpreter& operator=(const Interpreter&) = delete;

private:
    struct alignas(64) Count {
        std::uint64_t value = 0;  // guarded by the interpreter's lock
    };

    void compute(std::uint64_t& count) {
        gil_.acquire();
        while (!over_) {
            work_();
            ++count;
            gil_.checkpoint();
        }
        gil_.release();
    }

    void serve() {
        gil_.acquire();
        char request = 0;
        while (transfer([&] { return read(socket_, &request, 1); }) == 1) {
            const Progress progress = now();
            if (request == 'p') {
                transfer([&] { return write(socket_, &request, 1); });
            } else {
                transfer([&] { return write(socket_, &progress, sizeof progress); });
            }
        }
        over_ = true;
        gil_.release();
    }

    template <class Call>
    ssize_t transfer(Call call) {
        const auto allowed = gil_.allow_threads();
        return call();
    }

    Progress now() const {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < size_; ++i) count += counts_[i].value;
        return {count, static_cast<std::uint64_t>(bench::Clock::now().time_since_epoch() / 1ns)};
    }

    int socket_;
    std::unique_ptr<Count[]> counts_;
    std::size_t size_;
    inline static const bench::Work work_{100};  // nanoseconds between two safe points
    bool over_ = false;
    Gil gil_;
    std::vector<std::thread> threads_;
};

template <class Gil>
bench::Sample here(std::size_t computing) {
    return [computing] {
        const Connection connection;
        const Interpreter<Gil> interpreter(connection.server, computing);
        return measure(Client(connection.client));
    };
}

/// What the interpreter of that name calls itself; empty if there is none.
std::string python_version(const std::string& python) {
    const std::string command = python + " -c 'import platform; print(platform.python_version(), end=\"\")' 2>&-";
    std::array<char, 64> version{};
    std::FILE* const output = popen(command.c_str(), "r");
    if (output == nullptr) return {};
    const std::size_t size = std::fread(version.data(), 1, version.size(), output);
    return pclose(output) == 0 ? std::string(version.data(), size) : std::string();
}

bench::Sample in_cpython(const std::string& python, std::size_t computing) {
    return [python, computing] {
        const Connection connection;
        fcntl(connection.server, F_SETFD, 0);  // the child keeps it
        const std::string socket = std::to_string(connection.server);
        const std::string count = std::to_string(computing);
        const std::array<const char*, 5> arguments{python.c_str(), BENCH_SOURCE_DIR "/interpreter_lock.py",
                                                   socket.c_str(), count.c_str(), nullptr};
        pid_t child = 0;
        if (posix_spawnp(&child, python.c_str(), nullptr, nullptr, const_cast<char**>(arguments.data()), environ) !=
            0) {
            std::exit(1);
        }
        close(connection.server);
        const std::vector<double> figures = measure(Client(connection.client));
        waitpid(child, nullptr, 0);
        return figures;
    };
}

void ask_for_replies(const bench::Run& run, const std::string& python, const std::string& version,
                     std::size_t computing) {
    const std::string n = std::to_string(computing);
    std::vector<bench::Subject> subjects{
        {"threadwise", here<threadwise::InterpreterLock>(computing)},
        {"CPython's algorithm", here<bench::CPythonGil>(computing)},
    };
    if (!version.empty()) subjects.push_back({"CPython " + version, in_cpython(python, computing)});
    std::vector<bench::Question> questions{{"gil-reply-p50-" + n, "us"}, {"gil-reply-p99-" + n, "us"}};
    if (computing > 0) questions.push_back({"gil-share-" + n, "share"});
    run.ask(questions, subjects);
}

template <class Mutex>
bench::Sample acquire_and_release() {
    return bench::nanoseconds_each([](std::size_t n) {
        Mutex mutex;
        return bench::timed(n, [&] {
            mutex.lock();
            bench::expose(mutex);
            mutex.unlock();
        });
    });
}

bench::Sample checkpoint() {
    return bench::nanoseconds_each([](std::size_t n) {
        threadwise::InterpreterLock lock;
        const threadwise::ScopedInterpreter hold(lock);
        return bench::timed(n, [&] {
            bench::expose(lock);
            lock.checkpoint();
        });
    });
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    const bench::Bystander bystander;
    run.ask({{"gil-uncontended", "ns"}}, {{"threadwise", acquire_and_release<threadwise::InterpreterLock>()},
                                          {"threadwise:Lock", acquire_and_release<threadwise::Lock>()},
                                          {"std::mutex", acquire_and_release<std::mutex>()}});
    // A safe point made of a mutex gives it up and takes it again.
    run.ask({{"gil-checkpoint", "ns"}},
            {{"threadwise", checkpoint()}, {"std::mutex", acquire_and_release<std::mutex>()}});
    const char* const chosen = std::getenv("BENCH_PYTHON");
    const std::string python = chosen != nullptr ? chosen : "python3";
    const std::string version = python_version(python);
    for (const std::size_t computing : {0U, 1U, 2U}) ask_for_replies(run, python, version, computing);
}
