#include "server/server_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <exception>
#include <span>
#include <string_view>
#include <utility>

#include "server/http_date.hpp"
#include "server/request_message.hpp"

namespace command {
namespace {

namespace http = boost::beast::http;
namespace net = boost::asio;
using namespace std::chrono_literals;

constexpr auto header_time = 10s;  ///< for a whole header, from the end of the previous answer
constexpr auto piece_time = 30s;   ///< for the client to receive a piece of an answer
constexpr std::size_t piece_size = 65536;
constexpr std::size_t most_header_bytes = 16384;
constexpr std::size_t most_content_bytes = 65536;

bool is_for_files(const http::request<http::string_body>& request) {
    return request.method() == http::verb::get || request.method() == http::verb::head;
}

/// The answer to a request that could not be read.
Answer answer_to_error(const boost::beast::error_code& error) {
    if (error == http::error::header_limit) return text_answer(431, "the header is too long");
    if (error == http::error::body_limit) return text_answer(413, "a request for a file has no such content");
    if (error == http::error::bad_version) return text_answer(505, "this server speaks HTTP/1.0 and HTTP/1.1");
    return text_answer(400, "this is no HTTP request");
}

std::string header_of(const Answer& answer, bool closes, std::time_t now) {
    const auto reason = http::obsolete_reason(static_cast<http::status>(answer.status));
    std::string text = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", answer.status,
                                   std::string_view(reason.data(), reason.size()), format_http_date(now));
    for (const auto& [name, value] : answer.headers) text += fmt::format("{}: {}\r\n", name, value);
    if (answer.status != 304) text += fmt::format("Content-Length: {}\r\n", answer.content_size());
    text += closes ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
    return text;
}

}  // namespace

ServerConnection::ServerConnection(net::ip::tcp::socket socket, const Enclosure& folder, const ServerOptions& options,
                                   std::atomic<std::size_t>& open)
    : stream_(std::move(socket)), timer_(stream_.get_executor()), folder_(folder), options_(options), open_(open) {
    ++open_;
}

ServerConnection::~ServerConnection() { --open_; }

template <class Next>
auto ServerConnection::then(Next next) {
    return [self = shared_from_this(), next](const Error& error, std::size_t = 0) {
        try {
            (self.get()->*next)(error);
        } catch (const std::exception&) {
            // Out of memory, or the file became unreadable: the client sees an aborted transfer.
            self->stream_.close();
        }
    };
}

void ServerConnection::start() {
    net::post(stream_.get_executor(), [self = shared_from_this()] { self->read_header(); });
}

std::optional<ServerConnection::Clock::time_point> ServerConnection::waiting_since() const noexcept {
    const Clock::rep since = waiting_since_.load();
    if (since == 0) return std::nullopt;
    return Clock::time_point(Clock::duration(since));
}

void ServerConnection::disconnect_if_waiting() {
    net::post(stream_.get_executor(), [self = shared_from_this()] {
        if (self->waiting_since()) self->stream_.close();
    });
}

void ServerConnection::read_header() {
    parser_.emplace();
    parser_->header_limit(most_header_bytes);
    parser_->body_limit(most_content_bytes);
    waiting_since_ = Clock::now().time_since_epoch().count();
    stream_.expires_after(header_time);
    http::async_read_header(stream_, received_, *parser_, then(&ServerConnection::on_header));
}

void ServerConnection::on_header(const Error& error) {
    waiting_since_ = 0;
    if (error) return refuse(error);
    const auto& request = parser_->get();
    closes_ = !parser_->keep_alive();
    const auto hosts = request.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && request.version() > 10)) {
        closes_ = true;
        return send(text_answer(400, "a request names one Host"), true);
    }
    // Content is not read if the method is another, or if the client waits for permission to send it (Expect).
    if (!parser_->is_done() && (!is_for_files(request) || request.count(http::field::expect) > 0)) {
        closes_ = true;
        return answer_request();
    }
    if (parser_->is_done()) return wait_and_answer();
    http::async_read(stream_, received_, *parser_, then(&ServerConnection::on_content));
}

void ServerConnection::on_content(const Error& error) {
    if (error) return refuse(error);
    wait_and_answer();
}

void ServerConnection::wait_and_answer() {
    if (options_.latency.count() <= 0) return answer_request();
    timer_.expires_after(options_.latency);
    timer_.async_wait([self = shared_from_this()](const Error&) { self->answer_request(); });
}

void ServerConnection::answer_request() {
    const FileRequest request = file_request(parser_->get());
    Answer answer;
    try {
        answer = answer_to(request, folder_, options_.listing, std::time(nullptr));
    } catch (const std::exception&) {
        answer = text_answer(500, "this cannot be read");
    }
    send(std::move(answer), request.method != "HEAD");
}

void ServerConnection::refuse(const Error& error) {
    // Any other error: the client has disconnected, sent nothing, or was too slow.
    const bool is_of_http = error.category() == make_error_code(http::error::bad_method).category();
    if (!is_of_http || error == http::error::end_of_stream || error == http::error::partial_message) return leave();
    closes_ = true;
    if (error == http::error::body_limit && !is_for_files(parser_->get())) return answer_request();
    send(answer_to_error(error), true);
}

void ServerConnection::send(Answer answer, bool with_content) {
    answer_ = std::move(answer);
    pending_ = header_of(answer_, closes_, std::time(nullptr));
    if (!with_content) answer_.content.clear();
    piece_ = 0;
    offset_ = 0;
    sent_ = 0;
    begun_ = Clock::now();
    send_more();
}

void ServerConnection::send_more() {
    stream_.expires_after(piece_time);
    net::async_write(stream_, net::buffer(pending_), [self = shared_from_this()](const Error& error, std::size_t) {
        if (error) return self->leave();
        try {
            self->on_sent();
        } catch (const std::exception&) {
            self->stream_.close();  // as in then()
        }
    });
}

void ServerConnection::on_sent() {
    const Clock::duration wait = time_ahead();
    if (wait.count() <= 0) return go_on();
    timer_.expires_after(wait);
    timer_.async_wait(then(&ServerConnection::on_rest));
}

void ServerConnection::on_rest(const Error& /*unused*/) { go_on(); }

void ServerConnection::go_on() {
    if (fill()) return send_more();
    answer_ = {};
    if (closes_) return leave();
    read_header();
}

/// Puts the next bytes of the answer into `pending_`; false if none are left. Throws when the file has become shorter,
/// so that the client sees an aborted transfer rather than a file that looks complete.
bool ServerConnection::fill() {
    if (piece_ == answer_.content.size()) return false;
    Piece& piece = answer_.content[piece_];
    pending_ = std::exchange(piece.text, {});
    const std::uint64_t left = piece.part.size() - offset_;
    if (left > 0) {
        const std::size_t begin = pending_.size();
        pending_.resize(begin + static_cast<std::size_t>(std::min(left, most_at_once())));
        const auto space = std::as_writable_bytes(std::span(pending_)).subspan(begin);
        const std::size_t count = answer_.file->file.read_at(piece.part.begin + offset_, space);
        if (count == 0) throw std::runtime_error("the file became shorter");
        pending_.resize(begin + count);
        offset_ += count;
    }
    sent_ += pending_.size();
    if (offset_ == piece.part.size()) {
        ++piece_;
        offset_ = 0;
    }
    return true;
}

/// Small pieces where the rate is low, so that they arrive evenly.
std::uint64_t ServerConnection::most_at_once() const noexcept {
    constexpr std::uint64_t pieces_a_second = 20;
    if (options_.rate == 0) return piece_size;
    return std::clamp<std::uint64_t>(options_.rate / pieces_a_second, 1, piece_size);
}

/// How long the client has to wait so that it gets no more than the rate allows.
ServerConnection::Clock::duration ServerConnection::time_ahead() const {
    if (options_.rate == 0) return {};
    const std::chrono::duration<double> due(static_cast<double>(sent_) / static_cast<double>(options_.rate));
    return std::chrono::duration_cast<Clock::duration>(due) - (Clock::now() - begun_);
}

/// Closes gracefully: first sends FIN, then reads for a while. A socket that is closed with unread bytes sends a reset,
/// which may make the client lose the end of the answer.
void ServerConnection::leave() {
    Error ignored;
    stream_.socket().shutdown(net::ip::tcp::socket::shutdown_send, ignored);
    if (ignored) return;
    drain(Clock::now() + 1s);
}

void ServerConnection::drain(Clock::time_point end) {
    pending_.resize(piece_size);
    stream_.expires_at(end);
    stream_.async_read_some(net::buffer(pending_), [self = shared_from_this(), end](const Error& error, std::size_t) {
        if (!error && Clock::now() < end) self->drain(end);
    });
}

}  // namespace command
