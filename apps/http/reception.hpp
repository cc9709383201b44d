#pragma once
// Receives one transfer from libcurl.

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/file_answer.hpp"
#include "http/request_options.hpp"
#include "http/transfer_outcome.hpp"

namespace command {

/// Receives a transfer's bytes. An exception of its functions ends the transfer; Transfer::outcome() rethrows it.
class Body {
public:
    virtual ~Body() = default;

    /// Called before the first byte, which is byte `part.size` of the file: 0, or the end of what arrived before.
    virtual void begin(const ArrivedPart& part) = 0;

    virtual void append(std::span<const std::byte> bytes) = 0;
};

struct TransferRequest {
    std::string url;                         ///< without user and password
    std::string name;                        ///< the file's
    std::optional<std::uint64_t> size = {};  ///< the file's, if it is known
    ArrivedPart arrived = {};                ///< the part from earlier tries; if it is resumable, the rest is requested
    const RequestOptions* options = nullptr;
    bool is_private = false;  ///< whether the URL may learn the options that are marked as private
    std::string user = {};    ///< from the URL that the user gave
    std::string password = {};
};

/// Passes the bytes from libcurl's C callbacks to the Body, and judges the server's answer. `easy`, `request` and
/// `body` must outlive it. Not thread-safe.
class Reception {
public:
    Reception(CURL* easy, const TransferRequest& request, Body& body)
        : easy_(easy), request_(request), body_(body), arrived_(request.arrived) {}

    /// Receives bytes of the body; false ends the transfer.
    bool append(std::span<const std::byte> bytes) noexcept;

    /// Receives a line of a header, which begins with the status line and ends with an empty line, or of the trailer.
    void note_header_line(std::string_view line) noexcept;

    /// The outcome of the transfer, which ended with `code`; `details` is libcurl's error message. Rethrows what the
    /// Body threw.
    TransferOutcome outcome(CURLcode code, const std::string& details);

private:
    TransferOutcome explain(CURLcode code, const std::string& details);
    TransferOutcome explain_status(long status) const;
    TransferOutcome explain_useless();
    TransferOutcome explain_end() const;
    bool is_useful() const noexcept;
    void begin();
    bool ignore(std::size_t bytes) noexcept;

    CURL* easy_;
    const TransferRequest& request_;
    Body& body_;
    ArrivedPart arrived_;
    std::optional<Judgement> judgement_;  ///< set once the answer's header is complete and its body or end follows
    bool header_is_whole_ = false;
    bool too_long_ = false;
    std::size_t ignored_ = 0;  ///< bytes of a redirection's body
    std::exception_ptr error_;
};

}  // namespace command
