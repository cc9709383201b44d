#include "threads/wait_tree.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

namespace command {
namespace {

using threadwise::inspect::Snapshot;
using threadwise::inspect::State;
using threadwise::inspect::ThreadInfo;

class Forest {
public:
    Forest(const Snapshot& snapshot, const std::vector<std::size_t>& order) : snapshot_(snapshot), order_(order) {
        for (const std::size_t index : order) indices_.emplace(snapshot.threads[index].ident, index);
        for (const std::size_t index : order) {
            if (const auto owner = owner_of(index)) waiters_[*owner].push_back(index);
        }
    }

    std::vector<TreeRow> rows() {
        for (const std::size_t index : order_) {
            if (!owner_of(index) && waiters_.contains(index)) grow_from(index);
        }
        // What has not been reached waits in a circle, or for one. Following the owners leads into the circle.
        for (const std::size_t index : order_) {
            if (owner_of(index) && !is_drawn(index)) grow_from(first_of_circle(index));
        }
        for (const std::size_t index : order_) {
            if (!is_drawn(index)) grow_from(index);
        }
        return std::move(rows_);
    }

private:
    struct Step {
        std::size_t thread;
        std::string branch;
        std::string below;  ///< what is drawn before those below it
        std::size_t depth = 0;
    };

    /// The first of the threads that it waits for that are there.
    std::optional<std::size_t> owner_of(std::size_t index) const {
        const ThreadInfo& thread = snapshot_.threads[index];
        if (thread.state != State::waits) return std::nullopt;
        for (const std::uint32_t ident : thread.wait.owners) {
            if (const auto found = indices_.find(ident); found != indices_.end()) return found->second;
        }
        return std::nullopt;
    }

    bool is_drawn(std::size_t index) const { return drawn_.at(index); }

    /// Of the circle that the owners of this thread lead into, the thread that comes first in the order.
    std::size_t first_of_circle(std::size_t index) const {
        std::vector<bool> passed(snapshot_.threads.size());
        while (!passed[index]) {
            passed[index] = true;
            index = owner_of(index).value_or(index);
        }
        std::vector<bool> in_circle(snapshot_.threads.size());
        for (; !in_circle[index]; index = owner_of(index).value_or(index)) in_circle[index] = true;
        for (const std::size_t candidate : order_) {
            if (in_circle[candidate]) return candidate;
        }
        return index;
    }

    /// Without recursion: a chain of waits may be as long as there are threads.
    void grow_from(std::size_t root) {
        std::vector<Step> steps{{root, "", "", 0}};
        while (!steps.empty()) {
            const Step step = std::move(steps.back());
            steps.pop_back();
            if (is_drawn(step.thread)) continue;
            drawn_[step.thread] = true;
            rows_.push_back({step.thread, step.branch, step.depth});
            push_waiters(steps, step);
        }
    }

    void push_waiters(std::vector<Step>& steps, const Step& step) const {
        const auto found = waiters_.find(step.thread);
        if (found == waiters_.end()) return;
        // Deeper than this, a branch would be all that there is to see.
        constexpr std::size_t most_bytes = 64;
        const bool is_deep = step.below.size() > most_bytes;
        bool is_last = true;
        // The last step is taken first.
        const std::vector<std::size_t> waiters(found->second.rbegin(), found->second.rend());
        for (const std::size_t waiter : waiters) {
            if (is_drawn(waiter)) continue;
            const std::string below = is_deep ? step.below : step.below + (is_last ? "   " : "│  ");
            steps.push_back({waiter, step.below + (is_last ? "└─ " : "├─ "), below, step.depth + 1});
            is_last = false;
        }
    }

    const Snapshot& snapshot_;
    const std::vector<std::size_t>& order_;
    std::unordered_map<std::uint32_t, std::size_t> indices_;
    std::unordered_map<std::size_t, std::vector<std::size_t>> waiters_;
    std::vector<bool> drawn_ = std::vector<bool>(snapshot_.threads.size());
    std::vector<TreeRow> rows_;
};

}  // namespace

std::vector<TreeRow> wait_tree(const Snapshot& snapshot, const std::vector<std::size_t>& order) {
    return Forest(snapshot, order).rows();
}

}  // namespace command
