#pragma once
// What bears a file's name before it is downloaded.

#include <filesystem>
#include <optional>
#include <stop_token>

#include "transfer/download_report.hpp"
#include "transfer/journal.hpp"

namespace command {

/// A report where what is under the name is no file and must not become one; nothing where the way is free.
std::optional<DownloadReport> look_for_obstacle(const std::filesystem::path& path, Existing existing);

/// Looks at what is there under the target's name. A report means that nothing is left to do: it is the file that is
/// wanted, by its digest or because an earlier run brought it from this URL and it is as that run left it; or it can
/// be neither kept nor replaced.
std::optional<DownloadReport> look_at_existing(const DownloadTarget& target, const DownloadOptions& options,
                                               const std::optional<JournalRecord>& record, const std::stop_token& stop);

}  // namespace command
