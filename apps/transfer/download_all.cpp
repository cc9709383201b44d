#include "transfer/download_all.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include "threadwise/thread.hpp"
#include "transfer/batch.hpp"
#include "transfer/engine_thread.hpp"

namespace command {
namespace {

// Two keep any network busy that a machine has; libcurl leaves little to do for more.
constexpr std::size_t most_threads = 2;

std::size_t threads_for(std::size_t jobs, std::size_t files) {
    const std::size_t at_once = jobs == 0 ? files : std::min(jobs, files);
    return std::clamp<std::size_t>(at_once, 1, most_threads);
}

}  // namespace

BatchProgress make_progress(const std::vector<DownloadTarget>& targets) {
    BatchProgress progress;
    for (const auto& target : targets) progress.push_back(std::make_unique<FileProgress>(target.name));
    return progress;
}

std::vector<DownloadReport> download_all(const std::vector<DownloadTarget>& targets, const DownloadOptions& options,
                                         std::size_t jobs, Journal& journal, BatchProgress& progress,
                                         const std::stop_token& stop, const std::function<void()>& draw) {
    constexpr std::chrono::milliseconds redraw_interval{100};
    Batch batch(targets, options, jobs, journal, progress, stop);
    const std::size_t count = threads_for(jobs, targets.size());
    std::vector<std::unique_ptr<EngineThread>> engines;
    for (std::size_t i = 0; i < count; ++i) engines.push_back(std::make_unique<EngineThread>(batch, i, count));
    const auto wake_all = [&] {
        for (const auto& engine : engines) engine->wake();
    };

    std::vector<std::unique_ptr<threadwise::Thread>> threads;
    for (const auto& engine : engines) {
        threads.push_back(std::make_unique<threadwise::Thread>([&engine] { engine->run(); }));
        threads.back()->start();
    }
    {
        const std::stop_callback wake_to_stop(stop, wake_all);
        while (!batch.finished.wait(redraw_interval)) draw();
    }
    wake_all();  // one may have nothing to do, and not know that the others have ended
    for (const auto& thread : threads) thread->join();
    batch.background.shutdown();
    draw();
    return std::move(batch.reports);
}

}  // namespace command
