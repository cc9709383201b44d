#include "threadwise/detail/futures/completions.hpp"

#include <string>
#include <utility>

#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/executor_errors.hpp"

namespace threadwise::detail {

class Completions::Node final : public Watcher {
public:
    Node(Completions& owner, FutureState& state, std::size_t index) : owner_(owner), state_(&state), index_(index) {}

    bool runs_user_code() const noexcept override { return false; }

    void tell(FutureState&) noexcept override {
        next = owner_.news_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        // seq_cst, as the load below: either the waiter's last check sees this node, or this thread sees the waiter.
        while (!owner_.news_.compare_exchange_weak(next, this)) {}
        if (owner_.has_waiter_.load()) runtime::unpark_all(&owner_.news_);
    }

    void forget() noexcept override {}

    void watch() { state_->watch(*this); }

    /// Stops watching the future.
    void unwatch() noexcept {
        if (state_ != nullptr) std::exchange(state_, nullptr)->unwatch(*this);
    }

    std::size_t index() const noexcept { return index_; }

    Node* next = nullptr;

private:
    friend class Completions;
    ~Node() = default;
    friend struct std::default_delete<Node>;

    Completions& owner_;
    FutureState* state_;
    std::size_t index_;
};

Completions::Completions(const std::vector<FutureState*>& states) : left_(states.size()) {
    nodes_.reserve(states.size());
    for (FutureState* const state : states) {
        nodes_.push_back(std::make_unique<Node>(*this, *state, nodes_.size()));
    }
    // Last, when nothing can throw any more: only the destructor below takes nodes off the futures' lists.
    for (const auto& node : nodes_) node->watch();
}

Completions::~Completions() {
    for (const auto& node : nodes_) {
        if (node != nullptr) node->unwatch();
    }
}

std::size_t Completions::next(const Deadline& deadline, const std::stop_token& stop, SourceLocation where) {
    if (ready_ == nullptr && !take_news()) wait(deadline, stop, where);
    Node& node = *std::exchange(ready_, ready_->next);
    const std::size_t index = node.index();
    node.unwatch();  // waits until tell(), which runs under the future's lock, has returned
    nodes_[index].reset();
    --left_;
    return index;
}

bool Completions::take_news() noexcept {
    // acquire: the nodes' links.
    for (Node* node = news_.exchange(nullptr, std::memory_order_acquire); node != nullptr;) {
        Node* const older = node->next;
        node->next = ready_;
        ready_ = node;
        node = older;
    }
    return ready_ != nullptr;
}

void Completions::wait(const Deadline& deadline, const std::stop_token& stop, SourceLocation where) {
    auto unfinished = [this] {
        return std::to_string(left_) + " (of " + std::to_string(nodes_.size()) + ") futures unfinished";
    };
    auto news = [this] { return news_.load() != nullptr; };
    FutureState::run_deferred_callbacks();
    while (!take_news()) {
        if (stop.stop_requested()) throw InterruptedError("stop was requested: " + unfinished());
        const Timeout timeout = deadline.left();
        if (!timeout.is_forever() && timeout.duration().count() <= 0) {
            throw TimeoutError(unfinished());
        }
        runtime::Waiting waiting({.kind = runtime::WaitKind::futures,
                                  .object = this,
                                  .where = where,
                                  .deadline = runtime::deadline_after(timeout)},
                                 stop);
        if (waiting.spin(&news_, news)) continue;
        const runtime::Wakeup wakeup = waiting.park(&news_, [&] {
            has_waiter_.store(true);
            return !news();
        });
        has_waiter_.store(false, std::memory_order_relaxed);  // relaxed: too many wake-ups do no harm
        threading::succeeded(wakeup, stop);
    }
}

}  // namespace threadwise::detail
