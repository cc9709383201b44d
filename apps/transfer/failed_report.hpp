#pragma once
// Reports of what went wrong.

#include <string>
#include <system_error>

#include "transfer/download_report.hpp"

namespace command {

DownloadReport failed_report(std::string problem, std::string advice);

/// What a disk or a folder refused.
DownloadReport failed_report(const std::system_error& error);

/// `what`, which arrived or was there, is not what the list says.
DownloadReport wrong_digest(const std::string& what, const DownloadTarget& target, const std::string& digest);

/// What to do about `error` of the file system.
std::string advice_for(const std::error_code& error);

}  // namespace command
