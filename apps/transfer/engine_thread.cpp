#include "transfer/engine_thread.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "transfer/failed_report.hpp"

namespace command {
namespace {

// Complete files that do not have their names yet use memory; new transfers wait when there are too many of them.
constexpr std::size_t most_in_background = 32;

constexpr std::size_t most_connections = Concurrency::most;

}  // namespace

EngineThread::Item::Item(Batch& batch, std::size_t file)
    : index(file),
      download(batch.targets[file], batch.options, batch.journal, *batch.progress[file], batch.background) {}

EngineThread::EngineThread(Batch& batch, std::size_t number, std::size_t threads)
    : batch_(batch), number_(number), threads_(threads), loop_(most_connections, batch.pace) {}

std::size_t EngineThread::share() const noexcept {
    const std::size_t limit = batch_.concurrency.limit();
    return limit / threads_ + (number_ < limit % threads_ ? 1 : 0);
}

void EngineThread::run() {
    try {
        work();
        if (batch_.stop.stop_requested()) end_all({});
    } catch (const std::exception& error) {
        end_all(error.what());  // of memory, or of what libcurl needs, there is not enough
    }
}

void EngineThread::work() {
    while (!batch_.stop.stop_requested()) {
        take_returned();
        wake_pauses();
        take_files();
        if (items_.empty() && !batch_.has_next()) return;
        const bool in_demand = loop_.size() >= share() && batch_.has_next();
        loop_.turn(longest_nap(), [this](Transfer& transfer, CURLcode code) { note_end(transfer, code); });
        batch_.note_received(loop_.take_received());
        batch_.concurrency.look(batch_.received(), in_demand);
    }
}

std::chrono::milliseconds EngineThread::longest_nap() const {
    constexpr std::chrono::milliseconds longest{1000};
    if (pauses_.empty()) return longest;
    return std::min(longest, std::chrono::ceil<std::chrono::milliseconds>(pauses_.begin()->first - Clock::now()));
}

void EngineThread::take_files() {
    while (loop_.size() < share()) {
        if (!ready_.empty()) {
            Item* item = ready_.back();
            ready_.pop_back();
            start_transfer(*item);
            continue;
        }
        if (background_ >= most_in_background) return;
        const auto index = batch_.take_next();
        if (!index) return;
        begin(*index);
    }
}

void EngineThread::begin(std::size_t index) {
    auto owner = std::make_unique<Item>(batch_, index);
    Item& item = *owner;
    items_[&item] = std::move(owner);
    // Where a digest is known, the look at what is there reads a whole file.
    if (!batch_.targets[index].digest.empty()) return in_background(item, &FileDownload::begin);
    proceed(item, item.download.begin(batch_.stop));
}

void EngineThread::proceed(Item& item, Step step) {
    switch (step) {
        case Step::transfer: ready_.push_back(&item); break;
        case Step::wait:
            pauses_.emplace(Clock::now() + std::chrono::ceil<Clock::duration>(item.download.pause()), &item);
            break;
        case Step::settle: settle(item); break;
        case Step::end: finish(item); break;
    }
}

std::unique_ptr<Transfer> EngineThread::take_idle() {
    if (idle_.empty()) return std::make_unique<Transfer>();
    auto transfer = std::move(idle_.back());
    idle_.pop_back();
    return transfer;
}

void EngineThread::start_transfer(Item& item) {
    if (!item.transfer) item.transfer = take_idle();
    item.transfer->prepare(item.download.request(), item.download.body());
    item_of_[item.transfer.get()] = &item;
    loop_.add(*item.transfer);
}

void EngineThread::note_end(Transfer& transfer, CURLcode code) {
    Item& item = *item_of_.extract(&transfer).mapped();
    const Step step = item.download.ended([&] { return transfer.outcome(code); });
    // What a redirection brings along, such as cookies, is in the handle.
    if (step != Step::transfer) idle_.push_back(std::move(item.transfer));
    if (step == Step::wait) batch_.concurrency.note_trouble();
    if (step == Step::settle) batch_.concurrency.note_file();
    proceed(item, step);
}

// Settling a small file on a fast disk takes less time than waking another thread.
void EngineThread::settle(Item& item) {
    if (!item.download.is_small() || !settles_fast()) return in_background(item, &FileDownload::settle);
    const auto begin = Clock::now();
    const Step step = item.download.settle(batch_.stop);
    note_settling(Clock::now() - begin);
    proceed(item, step);
}

bool EngineThread::settles_fast() {
    constexpr std::chrono::microseconds fast{200};
    const std::scoped_lock guard(lock_);
    return settling_ < fast;
}

void EngineThread::note_settling(Clock::duration time) {
    const std::scoped_lock guard(lock_);
    settling_ = time;
}

void EngineThread::in_background(Item& item, Step (FileDownload::*action)(const std::stop_token&)) {
    ++background_;
    batch_.background.fire_and_forget([this, &item, action] {
        const auto begin = Clock::now();
        const Step step = (item.download.*action)(batch_.stop);
        note_settling(Clock::now() - begin);
        const std::scoped_lock guard(lock_);
        returned_.emplace_back(&item, step);
        loop_.wake();
    });
}

void EngineThread::take_returned() {
    std::vector<std::pair<Item*, Step>> returned;
    {
        const std::scoped_lock guard(lock_);
        returned.swap(returned_);
    }
    for (const auto& [item, step] : returned) {
        --background_;
        proceed(*item, step);
    }
}

void EngineThread::wake_pauses() {
    const auto now = Clock::now();
    while (!pauses_.empty() && pauses_.begin()->first <= now) {
        ready_.push_back(pauses_.begin()->second);
        pauses_.erase(pauses_.begin());
    }
}

void EngineThread::finish(Item& item) {
    batch_.note_report(item.index, item.download.report());
    items_.erase(&item);
}

// Ends what is under way, and what no thread has begun: stopped, or failed if there is a problem. What the pool has
// ends by itself.
void EngineThread::end_all(const std::string& problem) {
    for (const auto& [transfer, item] : item_of_) loop_.remove(*transfer);
    item_of_.clear();
    while (background_ > 0) {
        take_returned();
        if (background_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    while (!items_.empty()) {
        Item& item = *items_.begin()->second;
        if (problem.empty()) {
            item.download.stop();
        } else {
            item.download.ended([&]() -> TransferOutcome { throw std::runtime_error(problem); });
        }
        finish(item);
    }
    while (const auto index = batch_.take_next()) {
        batch_.note_report(*index, problem.empty() ? DownloadReport{} : failed_report(problem, "try again"));
    }
}

}  // namespace command
