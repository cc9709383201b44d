#pragma once
// Tells a thread which of several futures are done, in the order in which they become so.

#include <atomic>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <vector>

#include "threadwise/detail/futures/future_state.hpp"
#include "threadwise/detail/general/deadline.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise::detail {

/// Watches some futures for one thread.
class THREADWISE_API Completions {
public:
    /// The states must stay alive until next() has returned them or this is destroyed.
    explicit Completions(const std::vector<FutureState*>& states);
    ~Completions();
    Completions(const Completions&) = delete;
    Completions& operator=(const Completions&) = delete;

    /// The index, in the constructor's vector, of the next one that is done. Throws TimeoutError, and InterruptedError
    /// also when stop is requested.
    std::size_t next(const Deadline& deadline, const std::stop_token& stop, SourceLocation where);

    /// Whether next() would return at once.
    bool ready() noexcept { return ready_ != nullptr || take_news(); }

    /// How many next() has not returned yet.
    std::size_t left() const noexcept { return left_; }

private:
    class Node;

    bool take_news() noexcept;
    void wait(const Deadline& deadline, const std::stop_token& stop, SourceLocation where);

    std::vector<std::unique_ptr<Node>> nodes_;
    std::size_t left_;
    Node* ready_ = nullptr;             // oldest first
    std::atomic<Node*> news_{nullptr};  // newest first
    std::atomic<bool> has_waiter_{false};
};

}  // namespace threadwise::detail
