#pragma once
// Calls that were submitted, and what has become of them.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "storm/world.hpp"
#include "threadwise/future.hpp"

namespace threadwise::storm {

/// One call. It ends once: it is run, or cancelled.
struct Fate {
    std::atomic<int> runs{0};
    std::atomic<int> callbacks{0};
    Future<std::uint64_t> future;
};

using SharedFate = std::shared_ptr<Fate>;

/// The latest calls of all threads, for others to wait for, to cancel and to continue; and how many there were.
class Fates {
public:
    explicit Fates(World& world) noexcept : world_(world) {}

    /// A call that was accepted, once its future is there.
    void add(const SharedFate& fate, Choices& choices) {
        ++accepted_;
        fate->future.add_done_callback([this, fate](const Future<std::uint64_t>& future) {
            world_.expect(fate->callbacks++ == 0, "a done callback was called twice");
            world_.expect(fate->runs == (future.cancelled() ? 0 : 1),
                          "a call was not run once, or was run and cancelled");
            ++(future.cancelled() ? cancelled_ : ran_);
        });
        const std::lock_guard hold(mutex_);
        latest_[choices.below(latest_.size())] = fate;
    }

    /// Null: there is none yet.
    SharedFate any(Choices& choices) {
        const std::lock_guard hold(mutex_);
        return latest_[choices.below(latest_.size())];
    }

    bool settled() const { return accepted_ == ran_ + cancelled_; }

private:
    World& world_;
    std::mutex mutex_;
    std::array<SharedFate, 64> latest_;
    std::atomic<std::uint64_t> accepted_{0};
    std::atomic<std::uint64_t> ran_{0};
    std::atomic<std::uint64_t> cancelled_{0};
};

}  // namespace threadwise::storm
