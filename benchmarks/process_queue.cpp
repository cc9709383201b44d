/// process-queue: how many items of 8 bytes one process passes to another in a second.
/// process-queue-text: the same for strings of 100 bytes.
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/bench.hpp"
#include "support/threads.hpp"
#include "support/timing.hpp"
#include "threadwise/multiprocessing/queue.hpp"

#ifdef BENCH_ASIO  // Boost's headers are there
#include <boost/interprocess/ipc/message_queue.hpp>
#endif

namespace {

using threadwise::multiprocessing::Queue;

constexpr std::size_t text_size = 100;

// Some tenths of a second each.
constexpr std::size_t many = 2'000'000;
constexpr std::size_t fewer = 200'000;

/// A child puts items, of which the caller gets so many after the first.
template <class Transport>
bench::Sample items_a_second(std::size_t n) {
    return [n] {
        Transport transport;
        const pid_t child = fork();
        if (child == 0) {
            for (std::size_t i = 0; i <= n; ++i) transport.put();
            _exit(0);
        }
        transport.get();
        const double seconds = bench::timed(n, [&] { transport.get(); });
        waitpid(child, nullptr, 0);
        return std::vector{static_cast<double>(n) / seconds / 1e6};
    };
}

class Numbers {
public:
    void put() { queue_.put(1); }
    void get() { bench::consume(queue_.get()); }

private:
    Queue<std::uint64_t> queue_;
};

class Texts {
public:
    void put() { queue_.put(text_); }
    void get() { bench::consume(queue_.get()); }

private:
    Queue<std::string> queue_;
    std::string text_ = std::string(text_size, 'x');
};

/// One write() and one read() an item.
template <std::size_t size>
class Pipe {
public:
    Pipe() {
        if (pipe(ends_) != 0) _exit(1);
    }
    ~Pipe() {
        close(ends_[0]);
        close(ends_[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void put() { [[maybe_unused]] const auto written = write(ends_[1], item_.data(), size); }
    void get() { [[maybe_unused]] const auto taken = read(ends_[0], item_.data(), size); }

private:
    int ends_[2];
    std::string item_ = std::string(size, 'x');
};

#ifdef BENCH_ASIO
template <std::size_t size>
class MessageQueue {
public:
    MessageQueue() {
        boost::interprocess::message_queue::remove(name_.c_str());
        queue_ = std::make_unique<boost::interprocess::message_queue>(boost::interprocess::create_only, name_.c_str(),
                                                                      1024, size);
    }
    ~MessageQueue() { boost::interprocess::message_queue::remove(name_.c_str()); }
    MessageQueue(const MessageQueue&) = delete;
    MessageQueue& operator=(const MessageQueue&) = delete;

    void put() { queue_->send(item_.data(), size, 0); }
    void get() {
        std::size_t received = 0;
        unsigned priority = 0;
        queue_->receive(item_.data(), size, received, priority);
    }

private:
    std::string name_ = "threadwise-bench-" + std::to_string(getpid());
    std::unique_ptr<boost::interprocess::message_queue> queue_;
    std::string item_ = std::string(size, 'x');
};
#endif

template <std::size_t size>
std::vector<bench::Subject> peers() {
    return {
        {"pipe", items_a_second<Pipe<size>>(fewer)},
#ifdef BENCH_ASIO
        {"boost::interprocess::message_queue", items_a_second<MessageQueue<size>>(fewer)},
#endif
    };
}

std::vector<bench::Subject> with_peers(bench::Sample ours, std::vector<bench::Subject> peers) {
    peers.insert(peers.begin(), {"threadwise", std::move(ours)});
    return peers;
}

}  // namespace

int main(int argc, char** argv) {
    const bench::Run run(argc, argv);
    if (!bench::possible(bench::Place::two_cores, "process-queue")) return 0;
    run.ask({{"process-queue", "M/s"}}, with_peers(items_a_second<Numbers>(many), peers<sizeof(std::uint64_t)>()));
    run.ask({{"process-queue-text", "M/s"}}, with_peers(items_a_second<Texts>(many), peers<text_size>()));
}
