#pragma once
// The state that the threads of one download share.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "http/pace.hpp"
#include "threadwise/event.hpp"
#include "threadwise/thread_pool_executor.hpp"
#include "transfer/concurrency.hpp"
#include "transfer/download_report.hpp"
#include "transfer/file_progress.hpp"
#include "transfer/journal.hpp"

namespace command {

/// The files of one download: which one is next, and the report of each. Any thread may call its functions.
class Batch {
public:
    Batch(const std::vector<DownloadTarget>& targets, const DownloadOptions& options, std::size_t jobs,
          Journal& journal, BatchProgress& progress, std::stop_token stop);

    /// The index of the next file that no thread has begun; nothing if there is none.
    std::optional<std::size_t> take_next() noexcept;

    bool has_next() const noexcept { return next_ < targets.size(); }

    /// Stores a file's report, and sets `finished` after the last one.
    void note_report(std::size_t index, const DownloadReport& report);

    void note_received(std::uint64_t bytes) noexcept { received_.fetch_add(bytes, std::memory_order_relaxed); }
    std::uint64_t received() const noexcept { return received_.load(std::memory_order_relaxed); }

    const std::vector<DownloadTarget>& targets;
    const DownloadOptions& options;
    Journal& journal;
    BatchProgress& progress;
    const std::stop_token stop;
    Concurrency concurrency;
    Pace pace;
    std::vector<DownloadReport> reports;  ///< each written once; read after `finished`
    threadwise::Event finished;

    /// Verifies files and writes them through to the disk, so that no transfer has to wait for that.
    threadwise::ThreadPoolExecutor background;

private:
    std::atomic<std::size_t> next_ = 0;
    std::atomic<std::size_t> unfinished_;
    std::atomic<std::uint64_t> received_ = 0;  // relaxed: nothing is concluded from it about other data
};

}  // namespace command
