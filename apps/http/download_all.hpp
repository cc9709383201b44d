#pragma once
// Many files downloaded at once.

#include <functional>
#include <stop_token>
#include <vector>

#include "http/download_file.hpp"
#include "http/file_progress.hpp"

namespace command {

/// How far each file of a batch is; lives as long as the download, and at the targets' places.
using BatchProgress = std::vector<std::unique_ptr<FileProgress>>;

BatchProgress make_progress(const std::vector<DownloadTarget>& targets);

/// Downloads `targets` on `jobs` threads, each of which keeps its connection from file to file. `draw` is called on the
/// calling thread ten times a second meanwhile, and once at the end. Returns one report a target, in their order. After
/// a request to stop, what has not finished is reported as stopped, and nothing of it is left in the directory.
std::vector<DownloadReport> download_all(const std::vector<DownloadTarget>& targets, const DownloadOptions& options,
                                         std::size_t jobs, BatchProgress& progress, const std::stop_token& stop,
                                         const std::function<void()>& draw);

}  // namespace command
