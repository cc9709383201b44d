#include "transfer/batch.hpp"

#include <utility>

namespace command {

Batch::Batch(const std::vector<DownloadTarget>& all_targets, const DownloadOptions& all_options, std::size_t jobs,
             Journal& its_journal, BatchProgress& its_progress, std::stop_token its_stop)
    : targets(all_targets),
      options(all_options),
      journal(its_journal),
      progress(its_progress),
      stop(std::move(its_stop)),
      concurrency(jobs),
      pace(all_options.rate),
      reports(all_targets.size()),
      background({.max_workers = 8, .thread_name_prefix = "files"}),
      unfinished_(all_targets.size()) {
    if (targets.empty()) finished.set();
}

std::optional<std::size_t> Batch::take_next() noexcept {
    const std::size_t index = next_++;
    if (index >= targets.size()) return std::nullopt;
    return index;
}

void Batch::note_report(std::size_t index, const DownloadReport& report) {
    reports[index] = report;
    if (--unfinished_ == 0) finished.set();
}

}  // namespace command
