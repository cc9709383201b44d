#pragma once
// Reports of failed downloads.

#include <string>
#include <system_error>

#include "transfer/download_report.hpp"

namespace command {

DownloadReport failed_report(std::string problem, std::string advice);

/// The report of an error of the file system.
DownloadReport failed_report(const std::system_error& error);

/// The report of a digest other than the target's. `what` names the file in the message: received or existing.
DownloadReport wrong_digest(const std::string& what, const DownloadTarget& target, const Digest& digest);

/// What to do about `error` of the file system.
std::string advice_for(const std::error_code& error);

}  // namespace command
