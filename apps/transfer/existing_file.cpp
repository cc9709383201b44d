#include "transfer/existing_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "files/digest.hpp"
#include "files/partial_file.hpp"
#include "transfer/failed_report.hpp"
#include "transfer/sources.hpp"

namespace command {
namespace {

namespace fs = std::filesystem;
using Status = DownloadReport::Status;

// Why what is there under the file's name can be neither kept nor replaced, or "".
std::string fault_of_existing(const fs::path& path, Existing existing) {
    std::error_code error;
    const fs::file_type type = fs::status(path, error).type();  // of what a link leads to
    switch (type) {
        case fs::file_type::regular: return {};
        case fs::file_type::not_found: return existing == Existing::replace ? "" : "is a link to nothing";
        case fs::file_type::directory: return "is a folder";
        case fs::file_type::fifo: return "is a pipe";
        case fs::file_type::socket: return "is a socket";
        case fs::file_type::block:
        case fs::file_type::character: return "is a device";
        default: return error ? "cannot be looked at: " + error.message() : "is not a regular file";
    }
}

// Whether an earlier run brought the file at `path` from the target's URL, and nothing changed it since.
bool is_as_left(const fs::path& path, const DownloadTarget& target, const std::optional<JournalRecord>& record) {
    struct stat status {};
    if (!record || !has_source(target, record->url) || ::stat(path.c_str(), &status) == -1) return false;
    return record->describes(static_cast<std::uint64_t>(status.st_size), modification_time(status));
}

}  // namespace

std::optional<DownloadReport> look_for_obstacle(const fs::path& path, Existing existing) {
    if (!fs::exists(fs::symlink_status(path))) return std::nullopt;
    const std::string fault = fault_of_existing(path, existing);
    if (fault.empty()) return std::nullopt;
    return failed_report(fmt::format("{} {}", path.string(), fault), "move it away, or give the file another name");
}

std::optional<DownloadReport> look_at_existing(const DownloadTarget& target, const DownloadOptions& options,
                                               const std::optional<JournalRecord>& record,
                                               const std::stop_token& stop) {
    const fs::path path = options.directory / target.name;
    if (auto obstacle = look_for_obstacle(path, options.existing)) return obstacle;
    if (!fs::exists(fs::symlink_status(path))) return std::nullopt;

    DownloadReport kept;
    kept.status = Status::kept;
    if (!target.digest.empty() && fs::is_regular_file(path)) {
        kept.digest = digest_of_file(path, target.digest.kind, stop);
        if (stop.stop_requested()) return DownloadReport{};
        if (kept.digest == target.digest) return kept;
        if (options.existing == Existing::keep)
            return wrong_digest(path.string() + ", which was there already,", target, kept.digest);
    }
    switch (options.existing) {
        case Existing::keep: return kept;
        case Existing::replace: return std::nullopt;
        case Existing::fail: break;
    }
    if (target.digest.empty() && is_as_left(path, target, record)) return kept;
    return failed_report(fmt::format("{} exists already", path.string()),
                         advice_for(std::make_error_code(std::errc::file_exists)));
}

}  // namespace command
