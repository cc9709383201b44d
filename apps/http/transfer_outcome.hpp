#pragma once
// How one try at fetching a file ended, and what libcurl's result codes and HTTP's status codes mean for that.

#include <curl/curl.h>

#include <chrono>
#include <string>

#include "http/file_answer.hpp"

namespace command {

struct TransferOutcome {
    enum class Kind {
        complete,    ///< the whole file has arrived
        unfinished,  ///< nothing failed, but bytes are missing or could not be used: request the rest
        transient,   ///< another try may succeed
        permanent,   ///< another try would fail the same way
        redirected,  ///< the file is at `redirection`
        stopped
    };
    Kind kind = Kind::complete;
    std::string problem;                  ///< what went wrong
    std::string advice;                   ///< what to do about it
    std::chrono::seconds retry_after{0};  ///< how long the server asks to wait
    std::string redirection;              ///< an absolute URL, as the server sent it
    ArrivedPart arrived;                  ///< the part that the next try can continue
};

/// An outcome with these members; the others have their defaults.
TransferOutcome outcome_with(TransferOutcome::Kind kind, std::string problem, std::string advice);

/// The outcome of a transfer that ended with `code`. `details` is libcurl's error message, `timeout` the request's.
TransferOutcome outcome_of_code(CURLcode code, const std::string& details, std::chrono::seconds timeout);

/// The outcome of an HTTP response whose `status` says that it has no file.
TransferOutcome outcome_of_status(long status);

}  // namespace command
