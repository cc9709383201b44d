#pragma once
// An HTTP server on the loopback that answers as a test says.

#include <httplib.h>

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "threadwise/event.hpp"
#include "threadwise/thread.hpp"

namespace test {

class ScriptedServer {
public:
    using Answer = std::function<void(const httplib::Request&, httplib::Response&)>;

    explicit ScriptedServer(Answer answer) : answer_(std::move(answer)) {
        http_.new_task_queue = [this] {
            auto* pool = new httplib::ThreadPool(8);
            listening_.set();
            return pool;
        };
        http_.set_pre_routing_handler([this](const auto& request, auto& response) {
            ++requests_;
            answer_(request, response);
            return httplib::Server::HandlerResponse::Handled;
        });
        http_.set_keep_alive_timeout(1);
        port_ = http_.bind_to_any_port("127.0.0.1");
        thread_.start();
    }

    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    ~ScriptedServer() {
        listening_.wait();
        http_.stop();
        thread_.join();
    }

    std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
    int requests() const { return requests_; }

private:
    Answer answer_;
    httplib::Server http_;
    threadwise::Event listening_;
    std::atomic<int> requests_ = 0;
    int port_ = 0;
    threadwise::Thread thread_{[this] { http_.listen_after_bind(); }};
};

/// Announces `length` bytes, sends those of `part` and, after `then`, breaks the connection.
inline void send_truncated(httplib::Response& response, std::size_t length, std::string part,
                           std::function<void()> then = {}) {
    response.status = response.status == -1 ? 200 : response.status;
    response.set_header("Content-Length", std::to_string(length));
    response.set_content_provider("application/octet-stream", [part = std::move(part), then = std::move(then)](
                                                                  std::size_t sent, httplib::DataSink& sink) {
        if (sent == 0) return sink.write(part.data(), part.size());
        if (then) then();
        return false;
    });
}

}  // namespace test
