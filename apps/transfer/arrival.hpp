#pragma once
// One file as it comes in.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "files/partial_file.hpp"
#include "http/reception.hpp"
#include "threadwise/thread_pool_executor.hpp"
#include "transfer/download_report.hpp"
#include "transfer/file_progress.hpp"
#include "transfer/journal.hpp"

namespace command {

/// Brings what a file has so far to the disk, on another thread.
struct BackgroundSync {
    FileDescriptor file;
    std::uint64_t size = 0;
    std::atomic<bool> done = false;
};

/// Takes a file's bytes: a few into memory, more into a hidden file that the journal knows, so that the next run can go
/// on with them. One thread at a time. The journal's lock on the name must be held.
class Arrival : public Body {
public:
    Arrival(const DownloadTarget& target, const DownloadOptions& options, Journal& journal, FileProgress& progress,
            threadwise::ThreadPoolExecutor& background);

    /// Takes up what an earlier run left of the file. What cannot be used is removed, and note() says why.
    ArrivedPart take_up(const JournalRecord& record);

    void begin(const ArrivedPart& part) override;
    void append(std::span<const std::byte> bytes) override;

    /// The transfers have ended, but not well: leaves what the next run can go on with, and removes what it cannot.
    void keep() noexcept;

    /// Throws away what arrived.
    void discard() noexcept;

    /// The SHA-256 of what arrived; "" when `stop` was requested.
    std::string digest(const std::stop_token& stop) const;

    /// Gives the file, which is whole, its name. Where the folder refuses that, the hidden file stays.
    void publish(bool replace);

    bool is_in_memory() const noexcept { return !file_.is_open(); }

    std::uint64_t received() const noexcept { return received_; }
    std::uint64_t resumed() const noexcept { return resumed_; }

    /// Why what an earlier run had left was not used, or "".
    const std::string& note() const noexcept { return note_; }

    /// What take_up() gave is of no use: says so, unless a reason is known already.
    void note_useless(const std::string& why);

private:
    void move_to_disk();
    void sync_now_and_then();
    void note_synced();
    JournalRecord record() const;
    std::filesystem::path final_path() const { return options_.directory / target_.name; }

    const DownloadTarget& target_;
    const DownloadOptions& options_;
    Journal& journal_;
    FileProgress& progress_;
    threadwise::ThreadPoolExecutor& background_;

    ArrivedPart part_;  ///< what the server said; its size is not kept up to date
    std::vector<std::byte> memory_;
    PartialFile file_;
    std::string file_name_;     ///< of `file_`, below the folder
    std::uint64_t size_ = 0;    ///< of what is in memory, or in the file
    std::uint64_t synced_ = 0;  ///< how much of the file is on the disk for sure
    std::shared_ptr<BackgroundSync> syncing_;
    std::uint64_t received_ = 0;
    std::uint64_t resumed_ = 0;
    std::string note_;
};

}  // namespace command
