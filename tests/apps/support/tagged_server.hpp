#pragma once
// A server whose files can be resumed: strong entity tags, ranges, and a note of every request.

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/support/scripted_server.hpp"

namespace test {

/// What one request asked for.
struct AskedFor {
    std::string path;
    std::size_t start = 0;  ///< of the range; 0: the whole file
};

/// Serves `content_of(path)` under the entity tag `tag`. Sends pieces of 16 KiB; `before_piece` is called with the path
/// and the piece's offset before each, and breaks the connection by returning false.
class TaggedServer {
public:
    using BeforePiece = std::function<bool(const std::string& path, std::size_t offset)>;

    explicit TaggedServer(std::function<std::string(const std::string&)> content_of, BeforePiece before_piece = {})
        : content_of_(std::move(content_of)), before_piece_(std::move(before_piece)) {}

    std::string url(const std::string& path) const { return server_.url(path); }
    void set_tag(std::string tag) {
        const std::scoped_lock guard(lock_);
        tag_ = std::move(tag);
    }

    /// What was asked for since the last call.
    std::vector<AskedFor> take_requests() {
        const std::scoped_lock guard(lock_);
        return std::exchange(requests_, {});
    }

private:
    std::string tag() {
        const std::scoped_lock guard(lock_);
        return tag_;
    }

    void answer(const httplib::Request& request, httplib::Response& response) {
        AskedFor asked{request.path, 0};
        const std::string tag = this->tag();
        const bool same = request.get_header_value("If-Range") == tag;
        if (request.has_header("Range") && same) asked.start = std::stoul(request.get_header_value("Range").substr(6));
        {
            const std::scoped_lock guard(lock_);
            requests_.push_back(asked);
        }
        const std::string whole = content_of_(request.path);
        response.set_header("ETag", tag);
        response.status = asked.start > 0 ? 206 : 200;
        if (asked.start > 0) {
            response.set_header("Content-Range",
                                fmt::format("bytes {}-{}/{}", asked.start, whole.size() - 1, whole.size()));
        }
        const auto send = [this, path = request.path, start = asked.start, rest = whole.substr(asked.start)](
                              std::size_t sent, std::size_t, httplib::DataSink& sink) {
            constexpr std::size_t piece = 16'384;
            if (before_piece_ && !before_piece_(path, start + sent)) return false;
            return sink.write(rest.data() + sent, std::min(piece, rest.size() - sent));
        };
        const_cast<httplib::Request&>(request).ranges.clear();  // answered here
        response.set_content_provider(whole.size() - asked.start, "application/octet-stream", send);
    }

    std::function<std::string(const std::string&)> content_of_;
    BeforePiece before_piece_;
    std::string tag_ = "\"one\"";
    std::mutex lock_;
    std::vector<AskedFor> requests_;
    ScriptedServer server_{
        [this](const httplib::Request& request, httplib::Response& response) { answer(request, response); }};
};

}  // namespace test
