#pragma once
// What is to be downloaded, how, and what became of it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "transfer/backoff.hpp"

namespace command {

/// What to do where a file of that name is there already that this command line did not bring.
enum class Existing {
    fail,     ///< leave it, and count the download as failed
    keep,     ///< leave it, and count the download as done
    replace,  ///< replace it, in one step, once the new file is whole
};

struct DownloadOptions {
    std::filesystem::path directory = ".";
    Existing existing = Existing::fail;
    int retries = 3;  ///< further tries after one that brought nothing new
    Seconds first_backoff{0.5};
    std::chrono::seconds timeout{30};
    std::string ca_file;  ///< certificates to trust (PEM); "": the system's
    bool use_proxy = true;
    bool sync = true;      ///< bring files to the disk before they get their names
    bool digests = false;  ///< compute them where nobody knows what is right, too
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
    std::uint64_t bytes = 0;    ///< received in all tries
    std::uint64_t resumed = 0;  ///< that an earlier run had left
    std::string digest;
    int tries = 0;
    Seconds elapsed{0};
    std::string problem;  ///< what went wrong, where, when status is failed
    std::string advice;   ///< what to do about it
    std::string note;     ///< why what an earlier run had left could not be used, or ""

    bool good() const noexcept { return status == Status::downloaded || status == Status::kept; }
};

}  // namespace command
