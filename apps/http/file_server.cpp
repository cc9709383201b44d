#include "http/file_server.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <httplib.h>

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "failure.hpp"
#include "files/enclosure.hpp"
#include "http/byte_range.hpp"
#include "http/connection_pool.hpp"
#include "http/listing.hpp"
#include "threadwise/event.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/thread.hpp"

namespace command {
namespace {

using Clock = std::chrono::steady_clock;
using HandlerResponse = httplib::Server::HandlerResponse;

// What a browser shows rather than keeps.
std::string_view content_type_of(const std::filesystem::path& path) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> types{{
        {".css", "text/css"},
        {".html", "text/html"},
        {".jpg", "image/jpeg"},
        {".js", "text/javascript"},
        {".json", "application/json"},
        {".md", "text/plain; charset=utf-8"},
        {".png", "image/png"},
        {".svg", "image/svg+xml"},
        {".txt", "text/plain; charset=utf-8"},
    }};
    const std::string extension = path.extension().string();
    for (const auto& [suffix, type] : types) {
        if (suffix == extension) return type;
    }
    return "application/octet-stream";
}

// Changes whenever the file does.
std::string entity_tag(const struct stat& status) {
    return fmt::format("\"{:x}-{:x}-{:x}.{:x}\"", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                       status.st_mtim.tv_nsec);
}

// cpp-httplib lets 5 connections wait to be accepted; each further one would be a second late, when its client asks
// again.
class PatientServer : public httplib::Server {
public:
    void lengthen_queue() { ::listen(svr_sock_, SOMAXCONN); }
};

}  // namespace

class FileServer::Server {
public:
    Server(const std::filesystem::path& folder, const ServerOptions& options) : folder_(folder), options_(options) {
        http_.new_task_queue = [this] {
            auto pool = std::make_unique<ConnectionPool>(options_.connections);
            listening_.set();
            return pool.release();  // cpp-httplib takes it over
        };
        // Before cpp-httplib's own routing, which matches paths by std::regex.
        http_.set_pre_routing_handler(
            [this](const auto& request, auto& response) { return answer(request, response); });
        http_.set_keep_alive_timeout(1);
        http_.set_keep_alive_max_count(1U << 20U);
        http_.set_tcp_nodelay(true);
        http_.set_payload_max_length(1U << 16U);
    }

    ~Server() {
        stop_.request_stop();
        if (!thread_) return;
        listening_.wait();  // until then, cpp-httplib would not hear the call to stop
        http_.stop();
        thread_->join();
    }

    int start(const std::string& host, int port) {
        const int bound = port == 0 ? http_.bind_to_any_port(host) : (http_.bind_to_port(host, port) ? port : -1);
        if (bound == -1) {
            throw Failure(some_failed, fmt::format("cannot listen on port {} of {}", port, host),
                          "choose another with --port N, or --port 0 for any that is free, and check --host");
        }
        http_.lengthen_queue();
        thread_ = std::make_unique<threadwise::Thread>(threadwise::ThreadOptions{.name = "server"},
                                                       [this] { http_.listen_after_bind(); });
        thread_->start();
        return bound;
    }

private:
    HandlerResponse answer(const httplib::Request& request, httplib::Response& response) {
        // The others bring content, which cpp-httplib reads before it says that there is nothing for them.
        if (request.method != "GET" && request.method != "HEAD") return HandlerResponse::Unhandled;
        if (options_.latency.count() > 0) threadwise::sleep_for(stop_.get_token(), options_.latency);

        auto entry = folder_.open(request.path);
        if (!entry || (entry->is_folder() && !options_.listing)) {
            send_text(response, 404, "text/plain; charset=utf-8", "there is no such file here\n");
        } else if (entry->is_folder()) {
            send_text(response, 200, "text/html; charset=utf-8", format_listing(entry->file.path(), request.path));
        } else {
            send_file(request, response, *std::move(entry));
        }
        return HandlerResponse::Handled;
    }

    // Everything is sent by a provider "without length" beside a Content-Length of our own, because cpp-httplib 0.11
    // applies ranges to whatever it knows the length of, error messages included, and without checking their bounds.
    static void send_text(httplib::Response& response, int status, std::string_view type, std::string text) {
        response.status = status;
        response.set_header("Content-Length", std::to_string(text.size()));
        response.set_content_provider(std::string(type),
                                      [text = std::move(text)](std::size_t, httplib::DataSink& sink) {
                                          sink.write(text.data(), text.size());
                                          sink.done();
                                          return true;
                                      });
    }

    void send_file(const httplib::Request& request, httplib::Response& response, Enclosure::Entry entry) {
        const auto size = static_cast<std::uint64_t>(entry.status.st_size);
        const std::string tag = entity_tag(entry.status);
        response.set_header("Accept-Ranges", "bytes");
        response.set_header("ETag", tag);
        response.set_header("Last-Modified",
                            fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(entry.status.st_mtim.tv_sec)));

        ByteRange range{0, size};
        response.status = 200;
        // If-Range: the range is meant only for the version of the file that the client has a part of.
        const bool same_version = !request.has_header("If-Range") || request.get_header_value("If-Range") == tag;
        if (!request.ranges.empty() && same_version) {
            const auto& [first, last] = request.ranges.front();
            const auto part = resolve_range(first, last, size);
            // Several ranges in one answer are a luxury that a server may refuse.
            if (!part || request.ranges.size() > 1) {
                response.set_header("Content-Range", fmt::format("bytes */{}", size));
                return send_text(response, 416, "text/plain; charset=utf-8", "there is no such part of this file\n");
            }
            range = *part;
            response.status = 206;
            response.set_header("Content-Range", fmt::format("bytes {}-{}/{}", range.begin, range.end - 1, size));
        }
        send_range(response, std::make_shared<Enclosure::Entry>(std::move(entry)), range);
    }

    void send_range(httplib::Response& response, const std::shared_ptr<Enclosure::Entry>& entry, ByteRange range) {
        response.set_header("Content-Length", std::to_string(range.end - range.begin));
        response.set_content_provider(
            std::string(content_type_of(entry->file.path())),
            [this, entry, range, begin = Clock::now()](std::size_t sent, httplib::DataSink& sink) {
                std::array<std::byte, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
                const std::uint64_t left = range.end - range.begin - sent;
                const auto part =
                    std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size())));
                const std::size_t count = entry->file.read_at(range.begin + sent, part);
                // A file that became shorter: the client must see a broken connection, not a file that looks whole.
                if (count == 0 && left > 0) return false;
                if (!sink.write(reinterpret_cast<const char*>(buffer.data()), count)) return false;
                if (count == left) sink.done();
                return hold_back(begin, sent + count);
            });
    }

    // Waits until `sent` bytes since `begin` are no more than the rate allows; false when the server stops meanwhile.
    bool hold_back(Clock::time_point begin, std::uint64_t sent) const {
        if (options_.rate > 0) {
            const std::chrono::duration<double> due(static_cast<double>(sent) / static_cast<double>(options_.rate));
            const auto wait = due - (Clock::now() - begin);
            if (wait.count() > 0) threadwise::sleep_for(stop_.get_token(), wait);
        }
        return !stop_.stop_requested();
    }

    Enclosure folder_;
    ServerOptions options_;
    std::stop_source stop_;
    PatientServer http_;
    threadwise::Event listening_;
    std::unique_ptr<threadwise::Thread> thread_;
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
