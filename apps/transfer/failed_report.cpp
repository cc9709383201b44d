#include "transfer/failed_report.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace command {

DownloadReport failed_report(std::string problem, std::string advice) {
    DownloadReport report;
    report.status = DownloadReport::Status::failed;
    report.problem = std::move(problem);
    report.advice = std::move(advice);
    return report;
}

DownloadReport failed_report(const std::system_error& error) {
    return failed_report(error.what(), advice_for(error.code()));
}

DownloadReport wrong_digest(const std::string& what, const DownloadTarget& target, const Digest& digest) {
    return failed_report(fmt::format("{} has {}, not {} as the list says", what, digest.text(), target.digest.hex),
                         "do not use what this URL brings unless you know that the list is out of date");
}

std::string advice_for(const std::error_code& error) {
    if (error == std::errc::no_space_on_device || error.value() == EDQUOT) {
        return "free some space, or choose another folder with --directory DIR";
    }
    if (error == std::errc::filename_too_long) {
        return "give it a shorter name: --output NAME for one URL, or a line \"URL NAME\" in an --input list";
    }
    if (error == std::errc::io_error) return "the disk has failed: check it, or choose another with --directory DIR";
    if (error == std::errc::file_too_large)
        return "raise the limit on file sizes (ulimit -f), or choose another folder";
    if (error == std::errc::permission_denied || error == std::errc::read_only_file_system) {
        return "make the folder writable, or choose another with --directory DIR";
    }
    if (error == std::errc::file_exists) return "move it away, or say --existing replace or --existing keep";
    return "check the folder that --directory names";
}

}  // namespace command
