#pragma once
// Checks how files are to be asked for, before anything is begun.

#include <cstdint>
#include <string_view>

#include "http/request_options.hpp"

namespace command {

/// Throws Failure (request_wrong) for a header that is none or that the command sends itself, a proxy that is none, a
/// key without a certificate, and a file that cannot be read. Messages show no value of a header, and no password.
void check_request(const RequestOptions& options);

/// Bytes a second: "2000", "500k", "2M", "1G", of 1024 each; 0 for "". Throws Failure (request_wrong) for anything
/// else. `option` stands for the option in messages.
std::uint64_t parse_rate(std::string_view text, std::string_view option);

}  // namespace command
