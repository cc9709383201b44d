#pragma once
// A folder served over HTTP.

#include <filesystem>
#include <memory>
#include <string>

#include "server/server_options.hpp"

namespace command {

/// Answers GET and HEAD for the files below a folder as RFC 9110 and 9112 say, ranges and conditions included, on a few
/// threads of its own, however many clients there are and however slow.
class FileServer {
public:
    /// Throws Failure (request_wrong) when `folder` is not a folder.
    FileServer(const std::filesystem::path& folder, const ServerOptions& options);
    FileServer(const FileServer&) = delete;
    FileServer& operator=(const FileServer&) = delete;

    /// Aborts the transfers under way, and closes all connections.
    ~FileServer();

    /// Listens on `host` and `port`, 0 meaning any free one, and returns the port. Throws Failure (some_failed) when it
    /// cannot, as where another program listens there. Call it once.
    int start(const std::string& host, int port);

private:
    class Server;
    std::unique_ptr<Server> server_;
};

}  // namespace command
