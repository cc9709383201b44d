#pragma once
// One file from the look at what is there until it bears its name: the steps between transfers.

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>

#include "http/reception.hpp"
#include "threadwise/thread_pool_executor.hpp"
#include "transfer/arrival.hpp"
#include "transfer/download_report.hpp"
#include "transfer/file_progress.hpp"
#include "transfer/journal.hpp"

namespace command {

/// Decides what is to be done next for one file, and does all of it but the transfers and the waiting. Afterwards the
/// directory holds either the whole file, with the right digest if one is known, or no new file of that name; and, in a
/// hidden file, what a later run can go on with. One thread at a time. Never throws for what servers and disks do: the
/// report says it.
class FileDownload {
public:
    enum class Step {
        transfer,  ///< fetch request() into body(), and say how that ended with ended()
        wait,      ///< for as long as pause() says; then transfer
        settle,    ///< the file is whole: settle()
        end        ///< report() says what became of it
    };

    /// Large files are brought to the disk on `background` while they arrive.
    FileDownload(const DownloadTarget& target, const DownloadOptions& options, Journal& journal, FileProgress& progress,
                 threadwise::ThreadPoolExecutor& background);
    FileDownload(const FileDownload&) = delete;
    FileDownload& operator=(const FileDownload&) = delete;
    ~FileDownload();

    /// Looks at what is there. May read a large file.
    Step begin(const std::stop_token& stop);

    const TransferRequest& request() const noexcept { return request_; }
    Body& body() noexcept { return arrival_; }

    /// The transfer has ended; `outcome` tells how, or throws what the body, or libcurl, threw.
    Step ended(const std::function<TransferOutcome()>& outcome);

    Seconds pause() const noexcept { return pause_; }

    /// Whether settle() has little to read and write.
    bool is_small() const noexcept { return arrival_.is_in_memory(); }

    /// Verifies the file and gives it its name. Reads and writes for long.
    Step settle(const std::stop_token& stop);

    /// Ends it before it is whole.
    Step stop();

    /// After Step::end.
    const DownloadReport& report() const noexcept { return report_; }

private:
    template <class Action>
    Step guarded(Action action) noexcept;
    Step look(const std::stop_token& stop);
    Step judge(TransferOutcome outcome);
    Step verify_and_publish(const std::stop_token& stop);
    Step end(DownloadReport report);
    void note_progress(const TransferOutcome& outcome);
    DownloadReport gave_up(const TransferOutcome& outcome) const;

    const DownloadTarget& target_;
    const DownloadOptions& options_;
    Journal& journal_;
    FileProgress& progress_;
    Arrival arrival_;
    TransferRequest request_;
    DownloadReport report_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    Seconds pause_{0};
    std::uint64_t furthest_ = 0;  ///< byte up to which a file came that can be resumed
    int tries_ = 0;
    int failures_ = 0;  ///< since a try brought something new
    bool locked_ = false;
};

}  // namespace command
