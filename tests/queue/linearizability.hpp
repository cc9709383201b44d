#pragma once
// Whether a recorded history of operations can be explained by a sequential queue: the search of Wing & Gong ("Testing
// and verifying concurrent objects", 1993) with Lowe's memory of states already tried.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace threadwise::testing {

/// One operation of a thread, with the moments of its call and of its return on a clock that all threads share.
struct Operation {
    enum class Kind : std::uint8_t { put, put_full, get, get_empty } kind;
    int item = 0;
    std::uint64_t called = 0;
    std::uint64_t returned = 0;
};

/// What the queue should be: `front` says where items leave.
struct SequentialQueue {
    enum class Order : std::uint8_t { fifo, lifo, priority } order;
    std::size_t maxsize;
    std::vector<int> items{};

    std::size_t next() const {
        if (order == Order::fifo) return 0;
        if (order == Order::lifo) return items.size() - 1;
        return static_cast<std::size_t>(std::min_element(items.begin(), items.end()) - items.begin());
    }

    /// Does it if it can have ended so in this state.
    bool apply(const Operation& operation) {
        switch (operation.kind) {
            case Operation::Kind::put:
                if (items.size() >= maxsize) return false;
                items.push_back(operation.item);
                return true;
            case Operation::Kind::put_full: return items.size() >= maxsize;
            case Operation::Kind::get: {
                if (items.empty() || items[next()] != operation.item) return false;
                items.erase(items.begin() + static_cast<std::ptrdiff_t>(next()));
                return true;
            }
            case Operation::Kind::get_empty: return items.empty();
        }
        return false;
    }
};

/// Searches for an order of at most 64 operations that respects real time and that the sequential queue allows.
class LinearizabilityCheck {
public:
    explicit LinearizabilityCheck(std::vector<Operation> history) : history_(std::move(history)) {}

    bool passes(const SequentialQueue& start) { return explains(0, start); }

private:
    bool explains(std::uint64_t done, const SequentialQueue& state) {
        if (done == all()) return true;
        if (!tried_.emplace(done, state.items).second) return false;
        for (std::size_t i = 0; i < history_.size(); ++i) {
            if (!may_be_next(i, done)) continue;
            SequentialQueue next = state;
            if (next.apply(history_[i]) && explains(done | bit(i), next)) return true;
        }
        return false;
    }

    /// Nothing that is not done yet had returned before it was called.
    bool may_be_next(std::size_t candidate, std::uint64_t done) const {
        if ((done & bit(candidate)) != 0) return false;
        for (std::size_t i = 0; i < history_.size(); ++i) {
            if ((done & bit(i)) == 0 && history_[i].returned < history_[candidate].called) return false;
        }
        return true;
    }

    static std::uint64_t bit(std::size_t index) { return std::uint64_t{1} << index; }
    std::uint64_t all() const { return history_.size() == 64 ? ~std::uint64_t{0} : bit(history_.size()) - 1; }

    std::vector<Operation> history_;
    std::set<std::pair<std::uint64_t, std::vector<int>>> tried_;
};

}  // namespace threadwise::testing
