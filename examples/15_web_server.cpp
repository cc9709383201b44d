// A web server whose connections run on a pool: any library that lets you say where its work runs can use it.

#include <httplib.h>

#include <threadwise/futures.hpp>
#include <threadwise/threading.hpp>

#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

// What cpp-httplib wants of a pool, in three lines.
class Connections : public httplib::TaskQueue {
public:
    void enqueue(std::function<void()> serve) override { pool_.fire_and_forget(std::move(serve)); }
    void shutdown() override { pool_.shutdown(); }

private:
    threadwise::ThreadPoolExecutor pool_{{.max_workers = 4, .thread_name_prefix = "connection"}};
};

int main() {
    httplib::Server server;
    threadwise::Event ready;
    server.new_task_queue = [&ready] {
        ready.set();
        return new Connections;  // the server deletes it
    };
    server.Get(R"(/double/(\d+))", [](const httplib::Request& request, httplib::Response& response) {
        response.set_content(std::to_string(2 * std::stoi(request.matches[1])), "text/plain");
    });
    const int port = server.bind_to_any_port("127.0.0.1");
    threadwise::Thread serving({.name = "server"}, [&server] { server.listen_after_bind(); });
    serving.start();
    ready.wait();

    threadwise::ThreadPoolExecutor visitors({.max_workers = 4});
    const std::vector<int> numbers{1, 2, 3, 4, 5, 6, 7, 8};
    auto ask = [port](int number) {
        httplib::Client client("127.0.0.1", port);
        client.set_keep_alive(false);
        const auto answer = client.Get("/double/" + std::to_string(number));
        return answer ? answer->body : "no answer";
    };
    for (const std::string& answer : visitors.map(ask, numbers)) std::cout << answer << '\n';

    server.stop();
    serving.join();
}
