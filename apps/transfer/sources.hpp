#pragma once
// The URLs that one file can be fetched from.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "transfer/download_report.hpp"

namespace command {

/// Whether the target's URL or one of its mirrors is `url` but for user and password.
bool has_source(const DownloadTarget& target, std::string_view url);

/// Says from which of a file's URLs it is fetched next, and remembers those that proved useless. Not thread-safe.
class Sources {
public:
    explicit Sources(const DownloadTarget& target);

    /// The URL to fetch the file from. There must be one left.
    const std::string& current() const { return urls_.front(); }

    /// Makes the source current whose URL without user and password is `url`, if there is one.
    void prefer(std::string_view url);

    /// Makes the next source current, because the current one failed for now. False, with nothing changed, if all have
    /// failed since the last call that returned false.
    bool turn_to_next();

    /// Removes the current source for good. False if none is left.
    bool drop(std::string problem);

    const std::vector<DroppedSource>& dropped() const noexcept { return dropped_; }

private:
    std::vector<std::string> urls_;  ///< the current one first
    std::size_t failed_ = 0;
    std::vector<DroppedSource> dropped_;
};

}  // namespace command
