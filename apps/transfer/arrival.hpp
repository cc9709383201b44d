#pragma once
// The bytes of one file as they arrive.

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

/// A sync (fsync) of a file's first `size` bytes, which another thread performs.
struct BackgroundSync {
    FileDescriptor file;
    std::uint64_t size = 0;
    std::atomic<bool> done = false;
};

/// Collects a file's bytes: a small file's in memory, a larger one's in a hidden file that is recorded in the journal,
/// so that the next run can continue it. Not thread-safe. The journal's lock on the name must be held.
class Arrival : public Body {
public:
    Arrival(const DownloadTarget& target, const DownloadOptions& options, Journal& journal, FileProgress& progress,
            threadwise::ThreadPoolExecutor& background);

    /// Continues the hidden file that an earlier run left, and returns what is known of it. One that cannot be used is
    /// removed, and note() says why.
    ArrivedPart take_up(const JournalRecord& record);

    void begin(const ArrivedPart& part) override;
    void append(std::span<const std::byte> bytes) override;

    /// Called when the download has failed or stopped: leaves what the next run can continue, and removes the rest.
    void keep() noexcept;

    /// Drops the bytes that have arrived.
    void discard() noexcept;

    /// The digest of the bytes that have arrived, of the target's kind; empty if `stop` is requested.
    Digest digest(const std::stop_token& stop) const;

    /// Gives the complete file its name. If that fails, the hidden file stays.
    void publish(bool replace);

    /// Whether what is in memory or in the hidden file is `part`.
    bool has(const ArrivedPart& part) const noexcept {
        return size_ == part.size && part_.url == part.url && part_.entity_tag == part.entity_tag;
    }

    bool is_in_memory() const noexcept { return !file_.is_open(); }

    std::uint64_t received() const noexcept { return received_; }
    std::uint64_t resumed() const noexcept { return resumed_; }

    /// Why what an earlier run had left was not used, or "".
    const std::string& note() const noexcept { return note_; }

    /// Sets note() if it is empty: why what take_up() returned could not be used.
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

    ArrivedPart part_;  ///< what the server said; its `size` is not updated
    std::vector<std::byte> memory_;
    PartialFile file_;
    std::string file_name_;     ///< of `file_`, relative to the folder
    std::uint64_t size_ = 0;    ///< how many bytes are in memory or in the file
    std::uint64_t synced_ = 0;  ///< how many of them are known to be on the disk
    std::shared_ptr<BackgroundSync> syncing_;
    std::uint64_t received_ = 0;
    std::uint64_t resumed_ = 0;
    std::string note_;
};

}  // namespace command
