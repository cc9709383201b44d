#pragma once
// What `threadwise download` prints: what is to be fetched, and what became of it.

#include <string>
#include <vector>

#include "transfer/download_report.hpp"

namespace command {

/// A line for each file: its path, and the URLs that it would be fetched from.
std::string plan_as_text(const std::vector<DownloadTarget>& targets, const DownloadOptions& options);
std::string plan_as_json(const std::vector<DownloadTarget>& targets, const DownloadOptions& options);

/// What became of each target, whose report has the same index.
std::string results_as_json(const std::vector<DownloadTarget>& targets, const std::vector<DownloadReport>& reports,
                            const DownloadOptions& options, Seconds elapsed);

/// The same in a line.
std::string summary(const std::vector<DownloadTarget>& targets, const std::vector<DownloadReport>& reports,
                    Seconds elapsed);

}  // namespace command
