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
    using Items = std::deque<T>;

    /// Whether to find an item's place takes code of the user's.
    static constexpr bool compares_outside = false;

    void place(const T& /*item*/) noexcept {}
    void push(T&& item) { items_.push_back(std::move(item)); }
    T& top() noexcept { return items_.back(); }
    void pop() noexcept { items_.pop_back(); }
    /// Exchanges all items for those, which are none.
    void swap(Items& items) noexcept { items_.swap(items); }

private:
    Items items_;
};

}  // namespace threadwise::detail
