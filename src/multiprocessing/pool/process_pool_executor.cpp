#include "threadwise/process_pool_executor.hpp"

#include "multiprocessing/pool/process_pool.hpp"

namespace threadwise {

ProcessPoolExecutor::ProcessPoolExecutor(ProcessPoolOptions options)
    : pool_(std::make_shared<multiprocessing::ProcessPool>(std::move(options))) {
    detail::end_with_process(pool_);
}

ProcessPoolExecutor::~ProcessPoolExecutor() {
    if (pool_->is_orphan()) {
        // Its threads are not here to be joined, and its lock may be held by one of them.
        pool_->stay_for_good();
        return;
    }
    try {
        shutdown();
    } catch (const InterruptedError&) {
        shutdown(false);
    }
}

void ProcessPoolExecutor::submit_task(std::unique_ptr<multiprocessing::detail::ProcessTask> task) {
    pool_->submit(std::move(task));
}

void ProcessPoolExecutor::shutdown(bool wait, bool cancel_futures) { pool_->shutdown(wait, cancel_futures); }
void ProcessPoolExecutor::terminate_workers() { pool_->end_workers(false); }
void ProcessPoolExecutor::kill_workers() { pool_->end_workers(true); }
int ProcessPoolExecutor::max_workers() const noexcept { return static_cast<int>(pool_->max_workers()); }
std::size_t ProcessPoolExecutor::queued() const { return pool_->queued(); }

}  // namespace threadwise
