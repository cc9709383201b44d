// Downloads wait for a distant server most of the time, so that many at once take hardly longer than one.
// The server is in this program too, and makes each request wait for 100 ms: no network is needed.

#include <httplib.h>

#include <threadwise/threading.hpp>

#include <atomic>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;

constexpr int files = 6;

class DistantServer {
public:
    DistantServer() {
        // One connection each, and none waits for another.
        http_.new_task_queue = [this] {
            auto* pool = new httplib::ThreadPool(files);
            ready_.set();
            return pool;
        };
        http_.Get("/.*", [](const httplib::Request& request, httplib::Response& response) {
            threadwise::sleep_for(100ms);
            response.set_content("the content of " + request.path, "text/plain");
        });
        port_ = http_.bind_to_any_port("127.0.0.1");
        thread_.start();
        ready_.wait();
    }
    ~DistantServer() {
        http_.stop();
        thread_.join();
    }
    DistantServer(const DistantServer&) = delete;
    DistantServer& operator=(const DistantServer&) = delete;

    int port() const { return port_; }

private:
    httplib::Server http_;
    threadwise::Event ready_;
    threadwise::Thread thread_{{.name = "server"}, [this] { http_.listen_after_bind(); }};
    int port_ = 0;
};

int main() {
    DistantServer server;
    std::atomic<int> right = 0;
    const auto download = [&](int number) {
        const std::string path = "/file-" + std::to_string(number);
        httplib::Client client("127.0.0.1", server.port());
        const auto response = client.Get(path);
        if (response && response->body == "the content of " + path) ++right;
    };
    const auto seconds_of = [](const auto& work) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };

    const double alone = seconds_of([&] {
        for (int i = 0; i < files; ++i) download(i);
    });
    const double together = seconds_of([&] {
        std::vector<threadwise::Thread> threads;
        for (int i = 0; i < files; ++i) {
            threads.emplace_back(download, i);
            threads.back().start();
        }
        for (auto& thread : threads) thread.join();
    });

    std::cout << std::fixed << std::setprecision(2);
    std::cout << files << " files one after another: " << alone << " s\n";
    std::cout << files << " files at once: " << together << " s\n";
    std::cout << right << " of " << 2 * files << " downloads are right\n";
    return right == 2 * files ? 0 : 1;
}
