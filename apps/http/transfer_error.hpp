#pragma once
// What libcurl's result codes and HTTP's status codes mean to somebody who waits for a file.

#include <curl/curl.h>

#include <string>

#include "http/transfer.hpp"

namespace command {

/// The outcome that `code` stands for; `details` is what libcurl wrote about it, `timeout` what the request allowed.
TransferOutcome outcome_of_code(CURLcode code, const std::string& details, std::chrono::seconds timeout);

/// The outcome that an HTTP response with `status`, which brings no file, stands for.
TransferOutcome outcome_of_status(long status);

}  // namespace command
