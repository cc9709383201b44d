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
        unfinished,  ///< nothing failed, but bytes are missing, or what came was of no use: ask for the rest
        transient,   ///< another try may succeed
        permanent,   ///< another try would fail the same way
        stopped
    };
    Kind kind = Kind::complete;
    std::string problem;                  ///< what went wrong
    std::string advice;                   ///< what to do about it
    std::chrono::seconds retry_after{0};  ///< how long the server asks to be left alone
    ArrivedPart arrived;                  ///< what the next try can build upon
};

/// An outcome with these alone; the rest is as at first.
TransferOutcome outcome_with(TransferOutcome::Kind kind, std::string problem, std::string advice);

/// The outcome that `code` stands for; `details` is what libcurl wrote about it, `timeout` what the request allowed.
TransferOutcome outcome_of_code(CURLcode code, const std::string& details, std::chrono::seconds timeout);

/// The outcome that an HTTP response with `status`, which brings no file, stands for.
TransferOutcome outcome_of_status(long status);

}  // namespace command
