#pragma once
// A server on the loopback that sends whatever bytes a test says, well-formed or not.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "threadwise/thread.hpp"

namespace test {

/// Serves one connection after another: reads a request's header, lets the test answer, and closes the connection.
class RawServer {
public:
    using Send = std::function<void(std::string_view)>;
    using Answer = std::function<void(const std::string& request, const Send& send)>;

    explicit RawServer(Answer answer) : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, generic, size) == -1 || ::listen(listener_, 16) == -1 ||
            ::getsockname(listener_, generic, &size) == -1) {
            throw std::runtime_error("cannot listen");
        }
        port_ = ntohs(address.sin_port);
        thread_.start();
    }

    /// Sends the same bytes to each request.
    explicit RawServer(std::string bytes)
        : RawServer([bytes = std::move(bytes)](const std::string&, const Send& send) { send(bytes); }) {}

    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    ~RawServer() {
        ::shutdown(listener_, SHUT_RDWR);  // accept() then fails
        thread_.join();
        ::close(listener_);
    }

    std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
    int port() const { return port_; }
    int requests() const { return requests_; }

    /// From now on connections end with a reset: what has been sent may be lost, too.
    void end_with_resets() { resets_ = true; }

private:
    void run() {
        for (int connection = 0; (connection = ::accept(listener_, nullptr, nullptr)) != -1; end(connection)) {
            const std::string request = read_header(connection);
            if (request.empty()) continue;
            ++requests_;
            answer_(request, [connection](std::string_view bytes) { send_all(connection, bytes); });
        }
    }

    void end(int connection) const {
        const linger at_once{1, 0};
        if (resets_) ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(connection);
    }

    static std::string read_header(int connection) {
        std::string text;
        std::array<char, 4096> buffer{};
        while (text.find("\r\n\r\n") == std::string::npos) {
            const auto count = ::recv(connection, buffer.data(), buffer.size(), 0);
            if (count <= 0) return {};
            text.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

    static void send_all(int connection, std::string_view bytes) {
        while (!bytes.empty()) {
            const auto count = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return;  // the client has had enough
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    Answer answer_;
    int listener_;
    int port_ = 0;
    std::atomic<int> requests_ = 0;
    std::atomic<bool> resets_ = false;
    threadwise::Thread thread_{[this] { run(); }};
};

}  // namespace test
