#pragma once
// A thread that carries out many transfers.

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "http/transfer.hpp"
#include "http/transfer_loop.hpp"
#include "threadwise/lock.hpp"
#include "transfer/batch.hpp"
#include "transfer/file_download.hpp"

namespace command {

/// Takes files from the batch, as many at once as its share of the batch's concurrency, and performs each file's steps
/// (FileDownload): transfers on this thread, steps that may block for long on the batch's pool. Any thread may call
/// wake(), one thread the rest.
class EngineThread {
public:
    /// The thread is number `number` of `threads`.
    EngineThread(Batch& batch, std::size_t number, std::size_t threads);

    /// Returns when there is nothing left to do, or after a request to stop.
    void run();

    void wake() noexcept { loop_.wake(); }

private:
    using Clock = std::chrono::steady_clock;
    using Step = FileDownload::Step;

    /// A file whose download has begun.
    struct Item {
        Item(Batch& batch, std::size_t file);
        std::size_t index;
        FileDownload download;
        std::unique_ptr<Transfer> transfer;  ///< null unless one is running
    };

    void take_files();
    void begin(std::size_t index);
    void proceed(Item& item, Step step);
    std::unique_ptr<Transfer> take_idle();
    void start_transfer(Item& item);
    void note_end(Transfer& transfer, CURLcode code);
    void settle(Item& item);
    bool settles_fast();
    void note_settling(Clock::duration time);
    void in_background(Item& item, Step (FileDownload::*action)(const std::stop_token&));
    void take_returned();
    void wake_pauses();
    void finish(Item& item);
    void work();
    void end_all(const std::string& problem);
    std::size_t share() const noexcept;
    std::chrono::milliseconds longest_nap() const;

    Batch& batch_;
    const std::size_t number_;
    const std::size_t threads_;
    TransferLoop loop_;
    std::unordered_map<Item*, std::unique_ptr<Item>> items_;
    std::unordered_map<Transfer*, Item*> item_of_;
    std::vector<std::unique_ptr<Transfer>> idle_;
    std::multimap<Clock::time_point, Item*> pauses_;
    std::vector<Item*> ready_;    ///< wait for a transfer until the share allows one more
    std::size_t background_ = 0;  ///< how many items have a step on the pool

    threadwise::Lock lock_;  ///< guards all below
    std::vector<std::pair<Item*, Step>> returned_;
    Clock::duration settling_{Clock::duration::max()};  ///< how long the last file took to settle
};

}  // namespace command
