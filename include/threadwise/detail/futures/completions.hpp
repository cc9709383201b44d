#pragma once
// Gives a thread the futures of a set in the order in which they are done.

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
    /// Each state must stay alive until next() has returned it or the object is destroyed.
    explicit Completions(const std::vector<FutureState*>& states);
    ~Completions();
    Completions(const Completions&) = delete;
    Completions& operator=(const Completions&) = delete;

    /// Waits for the next future that is done, and returns its index in the constructor's vector. Throws TimeoutError,
    /// and InterruptedError if stop is requested or the wait is interrupted.
    std::size_t next(const Deadline& deadline, const std::stop_token& stop, SourceLocation where);

    /// Whether next() would return at once.
    bool ready() noexcept { return ready_ != nullptr || take_news(); }

    /// How many futures next() has not returned yet.
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
