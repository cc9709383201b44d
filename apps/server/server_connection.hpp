#pragma once
// One connection of a file server.

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "files/enclosure.hpp"
#include "server/answer.hpp"
#include "server/server_options.hpp"

namespace command {

/// Reads and answers one request after another, pipelined ones included, by asynchronous operations: it blocks no
/// thread. The client is disconnected if it takes too long to send a header or to receive a piece of an answer. The
/// pending operations own the connection, so that it lives as long as there is one.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
public:
    using Clock = std::chrono::steady_clock;

    /// `open` counts the connections that exist. What the references refer to must outlive the connection.
    ServerConnection(boost::asio::ip::tcp::socket socket, const Enclosure& folder, const ServerOptions& options,
                     std::atomic<std::size_t>& open);
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;
    ~ServerConnection();

    void start();

    /// Since when it has been waiting for a request; nothing while it answers one. Any thread may call it.
    std::optional<Clock::time_point> waiting_since() const noexcept;

    /// Disconnects if it still waits for a request once its strand runs this. Any thread may call it.
    void disconnect_if_waiting();

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    using Error = boost::beast::error_code;

    void read_header();
    void on_header(const Error& error);
    void on_content(const Error& error);
    void wait_and_answer();
    void answer_request();
    void refuse(const Error& error);
    void send(Answer answer, bool with_content);
    void send_more();
    bool fill();
    Clock::duration time_ahead() const;
    void on_sent();
    void on_rest(const Error& error);
    void go_on();
    std::uint64_t most_at_once() const noexcept;
    void leave();
    void drain(Clock::time_point end);

    /// A completion handler that keeps this connection alive and calls `next`.
    template <class Next>
    auto then(Next next);

    boost::beast::tcp_stream stream_;
    boost::asio::steady_timer timer_;
    const Enclosure& folder_;
    const ServerOptions& options_;
    std::atomic<std::size_t>& open_;

    boost::beast::flat_buffer received_;
    std::optional<Parser> parser_;
    std::atomic<Clock::rep> waiting_since_{0};  ///< 0: it does not wait

    Answer answer_;
    std::string pending_;       ///< the bytes that are being sent
    std::size_t piece_ = 0;     ///< index of the answer's piece that is sent next
    std::uint64_t offset_ = 0;  ///< how much of that piece's part of the file has been sent
    std::uint64_t sent_ = 0;    ///< how much of the answer has been sent in all
    Clock::time_point begun_;   ///< when the answer's first byte was sent
    bool closes_ = false;       ///< whether the connection is closed after this answer
};

}  // namespace command
