#include "server/file_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/failure.hpp"
#include "files/enclosure.hpp"
#include "server/server_connection.hpp"
#include "threadwise/thread.hpp"

namespace command {
namespace {

namespace net = boost::asio;
using net::ip::tcp;
using namespace std::chrono_literals;
using Error = boost::system::error_code;

/// When the limit of connections is reached, one that has been idle for this long is closed to make room for a new one.
constexpr auto idle_time = 1s;

/// Listens on the first of the host's addresses on which that succeeds.
tcp::acceptor listen_on(net::io_context& context, const std::string& host, int port) {
    Error error;
    tcp::resolver resolver(context);
    const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
    for (const auto& entry : found) {
        tcp::acceptor acceptor(context);
        acceptor.open(entry.endpoint().protocol(), error);
        // Allows a port whose old connections are in TIME_WAIT, but not one that another program listens on.
        if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor.bind(entry.endpoint(), error);
        if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
        if (!error) return acceptor;
    }
    throw Failure(some_failed, fmt::format("cannot listen on port {} of {}: {}", port, host, error.message()),
                  "choose another with --port N, or --port 0 for any that is free, and check --host");
}

}  // namespace

class FileServer::Server {
public:
    Server(const std::filesystem::path& folder, const ServerOptions& options) : folder_(folder), options_(options) {}

    /// The threads return from run() then, and are joined by their destructors.
    ~Server() { context_.stop(); }

    int start(const std::string& host, int port) {
        acceptor_.emplace(listen_on(context_, host, port));
        accept();
        constexpr int most_threads = 4;
        const int count = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, most_threads);
        for (int i = 1; i <= count; ++i) {
            threads_.emplace_back(threadwise::ThreadOptions{.name = fmt::format("server-{}", i)},
                                  [this] { context_.run(); });
            threads_.back().start();
        }
        return acceptor_->local_endpoint().port();
    }

private:
    void accept() {
        forget_closed();
        if (open_ >= options_.connections) {
            disconnect_idle();
            return accept_after(20ms);
        }
        acceptor_->async_accept(net::make_strand(context_), [this](const Error& error, tcp::socket socket) {
            // For example, no file descriptor is left: try again once another connection may have ended.
            if (error) return accept_after(100ms);
            begin(std::move(socket));
            accept();
        });
    }

    void accept_after(std::chrono::milliseconds delay) {
        timer_.expires_after(delay);
        timer_.async_wait([this](const Error&) { accept(); });
    }

    void begin(tcp::socket socket) {
        Error ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        try {
            auto connection = std::make_shared<ServerConnection>(std::move(socket), folder_, options_, open_);
            connections_.push_back(connection);
            connection->start();
        } catch (const std::bad_alloc&) {}  // the client sees that it is disconnected
    }

    /// Not at every call, so that its cost for each connection is constant.
    void forget_closed() {
        constexpr std::size_t few = 64;
        if (connections_.size() < 2 * open_ + few) return;
        std::erase_if(connections_, [](const auto& connection) { return connection.expired(); });
    }

    /// Disconnects the connection that has waited for a request for longest, if for more than idle_time.
    void disconnect_idle() {
        std::shared_ptr<ServerConnection> oldest;
        auto since = ServerConnection::Clock::now() - idle_time;
        for (const auto& each : connections_) {
            const auto connection = each.lock();
            const auto waiting = connection ? connection->waiting_since() : std::nullopt;
            if (!waiting || *waiting > since) continue;
            oldest = connection;
            since = *waiting;
        }
        if (oldest) oldest->disconnect_if_waiting();
    }

    const Enclosure folder_;
    const ServerOptions options_;
    std::atomic<std::size_t> open_{0};
    std::vector<std::weak_ptr<ServerConnection>> connections_;  ///< used by accept() alone
    net::io_context context_;  ///< its destructor destroys the connections, which use the members above
    net::steady_timer timer_{context_};
    std::optional<tcp::acceptor> acceptor_;
    std::vector<threadwise::Thread> threads_;  ///< last, as they are destroyed first
};

FileServer::FileServer(const std::filesystem::path& folder, const ServerOptions& options) {
    if (!std::filesystem::is_directory(folder)) {
        throw Failure(request_wrong, fmt::format("{} is not a folder", folder.string()), "name the folder to serve");
    }
    server_ = std::make_unique<Server>(folder, options);
}

FileServer::~FileServer() = default;

int FileServer::start(const std::string& host, int port) { return server_->start(host, port); }

}  // namespace command
