#pragma once
// The target, options and report of a download.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "files/digest.hpp"
#include "http/request_options.hpp"
#include "transfer/backoff.hpp"

namespace command {

/// What to do if a file of that name exists that is not known to be the wanted one.
enum class Existing {
    fail,     ///< leave it, and count the download as failed
    keep,     ///< leave it, and count the download as done
    replace,  ///< replace it atomically once the new file is complete
};

struct DownloadOptions {
    std::filesystem::path directory = ".";
    Existing existing = Existing::fail;
    int retries = 3;  ///< further tries after one that brought no new bytes
    Seconds first_backoff{0.5};
    RequestOptions requests = {};
    std::uint64_t rate = 0;  ///< bytes a second of all transfers together; 0: no limit
    bool sync = true;        ///< write files through to the disk before they get their names
    bool digests = false;    ///< compute them also for files whose right digest is unknown
};

struct DownloadTarget {
    std::string url;
    std::string name;                        ///< of the file in the directory
    Digest digest = {};                      ///< empty if unknown
    std::vector<std::string> mirrors = {};   ///< further URLs of the same file
    std::optional<std::uint64_t> size = {};  ///< if it is known beforehand
    bool is_private = true;                  ///< whether the user chose the URLs, which may learn private options
};

/// A URL of a file that proved useless, while the file has others.
struct DroppedSource {
    std::string url;
    std::string problem;
};

struct DownloadReport {
    enum class Status {
        downloaded,
        kept,  ///< the file existed already
        failed,
        stopped
    };
    Status status = Status::stopped;
    std::uint64_t bytes = 0;    ///< received in all tries
    std::uint64_t resumed = 0;  ///< bytes that an earlier run had left
    Digest digest;
    int tries = 0;
    Seconds elapsed{0};
    std::string problem;  ///< if status is failed: what went wrong, and where
    std::string advice;   ///< what to do about it
    std::vector<DroppedSource> dropped = {};
    std::string note;  ///< why what an earlier run had left could not be used, or ""

    bool good() const noexcept { return status == Status::downloaded || status == Status::kept; }
};

}  // namespace command
