#pragma once
// Checks what exists under a file's name before it is downloaded.

#include <filesystem>
#include <optional>
#include <stop_token>

#include "transfer/download_report.hpp"
#include "transfer/journal.hpp"

namespace command {

/// A report if something exists at `path` that must not be replaced, such as a folder; nothing if a file can be put
/// there.
std::optional<DownloadReport> look_for_obstacle(const std::filesystem::path& path, Existing existing);

/// Looks at the file that exists under the target's name. Returns a report if there is nothing to download: the file is
/// the wanted one (it has the digest, or an earlier run downloaded it from this URL and it is unchanged), or it may be
/// neither kept nor replaced.
std::optional<DownloadReport> look_at_existing(const DownloadTarget& target, const DownloadOptions& options,
                                               const std::optional<JournalRecord>& record, const std::stop_token& stop);

}  // namespace command
