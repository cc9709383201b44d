#include "transfer/download_all.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>

#include "threadwise/event.hpp"
#include "threadwise/sleep.hpp"
#include "threadwise/thread_pool_executor.hpp"
#include "transfer/file_download.hpp"

namespace command {

BatchProgress make_progress(const std::vector<DownloadTarget>& targets) {
    BatchProgress progress;
    for (const auto& target : targets) progress.push_back(std::make_unique<FileProgress>(target.name));
    return progress;
}

namespace {

// Goes through the steps of one file.
DownloadReport download_file(FileDownload& file, Connection& connection, const std::stop_token& stop) {
    using Step = FileDownload::Step;
    const auto transfer = [&](const TransferRequest& request, Body& body) {
        return connection.transfer(request, body, stop);
    };
    Step step = file.begin(stop);
    while (step != Step::end) {
        switch (step) {
            case Step::transfer: step = file.transfer(transfer); break;
            case Step::wait: step = threadwise::sleep_for(stop, file.pause()) ? Step::transfer : file.stop(); break;
            case Step::settle: step = file.settle(stop); break;
            case Step::end: break;
        }
    }
    return file.report();
}

}  // namespace

std::vector<DownloadReport> download_all(const std::vector<DownloadTarget>& targets, const DownloadOptions& options,
                                         std::size_t jobs, Journal& journal, BatchProgress& progress,
                                         const std::stop_token& stop, const std::function<void()>& draw) {
    constexpr std::chrono::milliseconds redraw_interval{100};
    std::vector<DownloadReport> reports(targets.size());
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> unfinished = targets.size();
    threadwise::Event finished;
    if (targets.empty()) finished.set();

    // Each worker keeps its connection from file to file.
    std::vector<Connection> connections(std::min(jobs, targets.size()));
    const auto work = [&](Connection& connection) {
        for (std::size_t i = next++; i < targets.size(); i = next++) {
            FileDownload file(targets[i], options, journal, *progress[i]);
            reports[i] = download_file(file, connection, stop);
            if (--unfinished == 0) finished.set();
        }
    };

    threadwise::ThreadPoolExecutor executor(
        {.max_workers = static_cast<int>(std::max<std::size_t>(connections.size(), 1)),
         .thread_name_prefix = "download"});
    for (auto& connection : connections) executor.fire_and_forget(work, std::ref(connection));
    while (!finished.wait(redraw_interval)) draw();
    executor.shutdown();
    draw();
    return reports;
}

}  // namespace command
