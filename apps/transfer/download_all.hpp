#pragma once
// Many files downloaded at once.

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "transfer/download_report.hpp"
#include "transfer/file_progress.hpp"
#include "transfer/journal.hpp"

namespace command {

BatchProgress make_progress(const std::vector<DownloadTarget>& targets);

/// Downloads `targets`, `jobs` at once; 0: as many as prove to be worth it. `draw` is called on the calling thread ten
/// times a second meanwhile, and once at the end. Returns one report a target, in their order. After a request to stop,
/// what has not finished is reported as stopped; `journal` knows what is left of it.
std::vector<DownloadReport> download_all(const std::vector<DownloadTarget>& targets, const DownloadOptions& options,
                                         std::size_t jobs, Journal& journal, BatchProgress& progress,
                                         const std::stop_token& stop, const std::function<void()>& draw);

}  // namespace command
