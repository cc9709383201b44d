#pragma once
// The container of a LifoQueue.

#include <cstddef>
#include <deque>
#include <utility>

namespace threadwise::detail {

/// Last in, first out. A deque never moves its items to grow, and gives memory back as they leave.
template <class T>
class Stack {
public:
    void push(T&& item) { items_.push_back(std::move(item)); }
    T& top() noexcept { return items_.back(); }
    void pop() noexcept { items_.pop_back(); }
    std::size_t size() const noexcept { return items_.size(); }
    void clear() noexcept { items_.clear(); }

private:
    std::deque<T> items_;
};

}  // namespace threadwise::detail
