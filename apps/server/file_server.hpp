#pragma once
// A folder served over HTTP.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace command {

struct ServerOptions {
    std::size_t connections = 256;         ///< open at once; further ones wait, or take the place of one that is idle
    bool listing = false;                  ///< show what is in a folder
    std::chrono::milliseconds latency{0};  ///< before each answer, to stand in for a distant server
    std::uint64_t rate = 0;                ///< bytes a second on each connection; 0 is no limit
};

/// Answers GET and HEAD for the files below a folder as RFC 9110 and 9112 say, ranges and conditions included, on a few
/// threads of its own, however many clients there are and however slow.
class FileServer {
public:
    /// Throws Failure (request_wrong) when `folder` is not a folder.
    FileServer(const std::filesystem::path& folder, const ServerOptions& options);
    FileServer(const FileServer&) = delete;
    FileServer& operator=(const FileServer&) = delete;

    /// Breaks off what is under way, and closes all connections.
    ~FileServer();

    /// Listens on `host` and `port`, 0 meaning any free one, and returns the port. Throws Failure (some_failed) when it
    /// cannot, as where another program listens there. Call it once.
    int start(const std::string& host, int port);

private:
    class Server;
    std::unique_ptr<Server> server_;
};

}  // namespace command
