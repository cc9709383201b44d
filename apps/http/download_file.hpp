#pragma once
// One file downloaded, verified and put in place.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "http/backoff.hpp"
#include "http/file_progress.hpp"
#include "http/transfer.hpp"

namespace command {

/// What to do where a file of that name is there already.
enum class Existing {
    fail,     ///< leave it, and count the download as failed
    keep,     ///< leave it, and count the download as done
    replace,  ///< replace it, in one step, once the new file is whole
};

struct DownloadOptions {
    std::filesystem::path directory = ".";
    Existing existing = Existing::fail;
    int retries = 3;  ///< further tries after the first
    Seconds first_backoff{0.5};
    std::chrono::seconds timeout{30};
    bool use_proxy = true;
};

struct DownloadTarget {
    std::string url;
    std::string name;    ///< of the file in the directory
    std::string digest;  ///< its SHA-256, or "" when nobody knows it
};

struct DownloadReport {
    enum class Status {
        downloaded,
        kept,  ///< the file was there already
        failed,
        stopped
    };
    Status status = Status::stopped;
    std::uint64_t bytes = 0;  ///< received in all tries
    std::string digest;
    int tries = 0;
    Seconds elapsed{0};
    std::string problem;  ///< what went wrong, where, when status is failed
    std::string advice;   ///< what to do about it

    bool good() const noexcept { return status == Status::downloaded || status == Status::kept; }
};

/// Downloads `target`. Afterwards the directory holds either the whole file, with the right digest if one is known, or
/// no new file of that name. What arrived before a connection broke is kept for the next try where the server can
/// resume. Never throws for what servers and disks do: the report says it.
DownloadReport download_file(const DownloadTarget& target, const DownloadOptions& options, Connection& connection,
                             FileProgress& progress, std::stop_token stop);

}  // namespace command
