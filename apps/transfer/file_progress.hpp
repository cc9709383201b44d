#pragma once
// The progress of a download, for display.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace command {

/// Written by the thread that downloads the file, read by the one that draws. relaxed throughout: each value is shown
/// by itself, and nothing is concluded from two of them.
class FileProgress {
public:
    enum class State { waiting, running, retrying, done, failed };

    explicit FileProgress(std::string file_name) : name(std::move(file_name)) {}

    const std::string name;

    State state() const noexcept { return state_.load(std::memory_order_relaxed); }
    void set_state(State state) noexcept { state_.store(state, std::memory_order_relaxed); }

    std::uint64_t received() const noexcept { return received_.load(std::memory_order_relaxed); }
    void set_received(std::uint64_t bytes) noexcept { received_.store(bytes, std::memory_order_relaxed); }

    /// 0 while it is unknown.
    std::uint64_t total() const noexcept { return total_.load(std::memory_order_relaxed); }
    void set_total(std::uint64_t bytes) noexcept { total_.store(bytes, std::memory_order_relaxed); }

private:
    std::atomic<State> state_ = State::waiting;
    std::atomic<std::uint64_t> received_ = 0;
    std::atomic<std::uint64_t> total_ = 0;
};

/// The progress of each file, at the index of its target. Lives as long as the download.
using BatchProgress = std::vector<std::unique_ptr<FileProgress>>;

}  // namespace command
