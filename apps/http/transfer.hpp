#pragma once
// One try at fetching one file over HTTP, by libcurl.

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <string>

#include "http/file_answer.hpp"
#include "http/transfer_outcome.hpp"

namespace command {

/// Where a transfer's bytes go. What its functions throw ends the transfer and comes out of Connection::transfer().
class Body {
public:
    virtual ~Body() = default;

    /// The server begins to send from byte `part.size` on: 0, or the end of what arrived before.
    virtual void begin(const ArrivedPart& part) = 0;

    virtual void append(std::span<const std::byte> bytes) = 0;
};

struct TransferRequest {
    std::string url;
    std::string name;                  ///< the file's
    ArrivedPart arrived;               ///< what earlier tries brought; the rest is asked for if it is resumable
    std::chrono::seconds timeout{30};  ///< for connecting, and the longest time in which nothing arrives
    bool use_proxy = true;             ///< the one that http_proxy and its like name
};

/// Connections to servers, kept open from one transfer to the next. One thread at a time.
class Connection {
public:
    Connection();
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    /// Fetches `request.url`, following redirections, into `body`. A request to stop ends it at once.
    TransferOutcome transfer(const TransferRequest& request, Body& body, std::stop_token stop);

private:
    struct Handles;
    std::unique_ptr<Handles> handles_;
};

}  // namespace command
