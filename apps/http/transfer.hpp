#pragma once
// One try at fetching one file over HTTP, by libcurl.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

namespace command {

/// Where a transfer's bytes go. What its functions throw ends the transfer and comes out of Connection::transfer().
class Body {
public:
    virtual ~Body() = default;

    /// The server begins to send, from the beginning or, when `resumed`, from the offset asked for. `total` is the size
    /// of the whole file where the server says it.
    virtual void begin(bool resumed, std::optional<std::uint64_t> total) = 0;

    virtual void append(std::span<const std::byte> bytes) = 0;
};

struct TransferRequest {
    std::string url;
    std::uint64_t offset = 0;          ///< bytes that are already there
    std::string validator;             ///< the entity tag of those bytes; without it the file comes from its beginning
    std::chrono::seconds timeout{30};  ///< for connecting, and the longest time in which nothing arrives
    bool use_proxy = true;             ///< the one that http_proxy and its like name
};

struct TransferOutcome {
    enum class Kind {
        complete,   ///< all that the server announced has arrived
        transient,  ///< another try may succeed
        permanent,  ///< another try would fail the same way
        stopped
    };
    Kind kind = Kind::complete;
    std::string problem;                  ///< what went wrong
    std::string advice;                   ///< what to do about it
    std::chrono::seconds retry_after{0};  ///< how long the server asks to be left alone
    std::string validator;                ///< the file's strong entity tag (RFC 9110, 8.8.3), or ""
    bool start_over = false;              ///< what is there already is of no use for the next try
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
