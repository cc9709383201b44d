#pragma once
// One transfer as it comes out of libcurl.

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/file_answer.hpp"
#include "http/transfer_outcome.hpp"

namespace command {

/// Where a transfer's bytes go. What its functions throw ends the transfer and comes out of Transfer::outcome().
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
    std::string ca_file = {};          ///< certificates to trust (PEM); "": the system's
    bool use_proxy = true;             ///< the one that http_proxy and its like name
};

/// Stands between libcurl's C callbacks and the Body, and judges what the server says. `easy`, `request` and `body`
/// must outlive it. One thread at a time.
class Reception {
public:
    Reception(CURL* easy, const TransferRequest& request, Body& body)
        : easy_(easy), request_(request), body_(body), arrived_(request.arrived) {}

    /// Takes bytes of the body; false ends the transfer.
    bool append(std::span<const std::byte> bytes) noexcept;

    /// Takes a line of a header, which begins with the status and ends with an empty line, or of the trailer.
    void note_header_line(std::string_view line) noexcept;

    /// What has become of the transfer, which ended with `code`; `details` is what libcurl wrote about it. Throws what
    /// the Body threw.
    TransferOutcome outcome(CURLcode code, const std::string& details);

private:
    TransferOutcome explain(CURLcode code, const std::string& details);
    TransferOutcome explain_status(long status) const;
    TransferOutcome explain_useless();
    TransferOutcome explain_end() const;
    bool is_useful() const noexcept;
    void begin();

    CURL* easy_;
    const TransferRequest& request_;
    Body& body_;
    ArrivedPart arrived_;
    std::optional<Judgement> judgement_;  ///< once the answer's header is here, and bytes or the end follow
    bool header_is_whole_ = false;
    bool too_long_ = false;
    std::exception_ptr error_;
};

}  // namespace command
