#pragma once
// The steps of one file's download, except the transfers themselves.

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
#include "transfer/sources.hpp"

namespace command {

/// A state machine: each function returns the next step, which the caller performs. At the end the directory has either
/// the complete file, with the right digest if that is known, or no new file of that name but possibly a hidden file
/// that a later run can continue. A source that fails gives way to the next one; one that is useless is dropped. Not
/// thread-safe. Errors of servers and disks are reported, not thrown.
class FileDownload {
public:
    enum class Step {
        transfer,  ///< fetch request() into body(), and pass the outcome to ended()
        wait,      ///< for the duration pause(); then transfer
        settle,    ///< the file is complete: call settle()
        end        ///< the download is over: see report()
    };

    /// Large files are written through to the disk on `background` while they arrive.
    FileDownload(const DownloadTarget& target, const DownloadOptions& options, Journal& journal, FileProgress& progress,
                 threadwise::ThreadPoolExecutor& background);
    FileDownload(const FileDownload&) = delete;
    FileDownload& operator=(const FileDownload&) = delete;
    ~FileDownload();

    /// Looks at the file that exists, and at what an earlier run left. May read a large file.
    Step begin(const std::stop_token& stop);

    const TransferRequest& request() const noexcept { return request_; }
    Body& body() noexcept { return arrival_; }

    /// Called when the transfer has ended. `outcome` returns how, or throws what the body or libcurl threw.
    Step ended(const std::function<TransferOutcome()>& outcome);

    Seconds pause() const noexcept { return pause_; }

    /// Whether settle() has little to read and write.
    bool is_small() const noexcept { return arrival_.is_in_memory(); }

    /// Verifies the file and gives it its name. May take long: it reads and syncs the file.
    Step settle(const std::stop_token& stop);

    /// Ends the download before the file is complete.
    Step stop();

    /// Valid after Step::end.
    const DownloadReport& report() const noexcept { return report_; }

private:
    template <class Action>
    Step guarded(Action action) noexcept;
    Step look(const std::stop_token& stop);
    Step judge(TransferOutcome outcome);
    Step follow(const std::string& redirection);
    void ask(const std::string& url);
    void ask_for_rest_of(const ArrivedPart& arrived);
    Step verify_and_publish(const std::stop_token& stop);
    Step end(DownloadReport report);
    bool note_progress(const TransferOutcome& outcome);
    DownloadReport gave_up(const TransferOutcome& outcome) const;
    Step give_up_source(DownloadReport report);
    bool try_next_source();
    void remember_part();
    void ask_current_source();

    const DownloadTarget& target_;
    const DownloadOptions& options_;
    Journal& journal_;
    FileProgress& progress_;
    Arrival arrival_;
    Sources sources_;
    TransferRequest request_;
    ArrivedPart held_;         ///< what is in arrival_ while it is fetched from another source, or nothing
    std::string held_source_;  ///< where that came from
    DownloadReport report_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    Seconds pause_{0};
    std::uint64_t furthest_ = 0;  ///< the most bytes that a resumable part has had
    int tries_ = 0;
    int redirections_ = 0;  ///< in a row
    int failures_ = 0;      ///< failed tries since one brought new bytes
    bool locked_ = false;
};

}  // namespace command
