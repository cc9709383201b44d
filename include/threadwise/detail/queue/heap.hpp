#pragma once
// The container of a PriorityQueue.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <type_traits>
#include <utility>

#include "threadwise/detail/queue/plain_item.hpp"

namespace threadwise::detail {

/// An item as a heap keeps it: in a place of its own if moving it could throw, as a heap moves its items about.
template <class T>
class HeapItem {
public:
    explicit HeapItem(T&& item) : place_(make(std::move(item))) {}

    T& item() noexcept {
        if constexpr (in_place) {
            return place_;
        } else {
            return *place_;
        }
    }
    const T& item() const noexcept { return const_cast<HeapItem&>(*this).item(); }

private:
    static constexpr bool in_place = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;
    using Place = std::conditional_t<in_place, T, std::unique_ptr<T>>;

    static Place make(T&& item) {
        if constexpr (in_place) {
            return std::move(item);
        } else {
            return std::make_unique<T>(std::move(item));
        }
    }

    Place place_;
};

/// The same with the number of the item, which decides among equals.
template <class T>
class NumberedHeapItem : public HeapItem<T> {
public:
    NumberedHeapItem(T&& item, std::uint64_t number) : HeapItem<T>(std::move(item)), number_(number) {}

    bool older_than(const NumberedHeapItem& other) const noexcept { return number_ < other.number_; }

private:
    std::uint64_t number_;
};

/// A binary heap, the least item on top; of equal items the one that came first, if `Stable`. All comparisons are made
/// before anything is moved, so that one that throws changes nothing. Kept in a deque, which gives memory back.
template <class T, class Compare, bool Stable, template <class> class Allocator = std::allocator>
class Heap {
public:
    using Item = std::conditional_t<Stable, NumberedHeapItem<T>, HeapItem<T>>;
    using Items = std::deque<Item, Allocator<Item>>;

    /// Whether to find an item's place takes code of the user's.
    static constexpr bool compares_outside = !compares_plainly<Compare, T>;

    explicit Heap(Compare compare) : less_(std::move(compare)) {}

    /// Compares the item that push() is about to get next.
    void place(const T& item) { landing_ = place_among_ancestors(items_.size(), item); }

    /// Puts the item where place() has found that it belongs.
    void push(T&& item) {
        const std::size_t last = items_.size();
        if constexpr (Stable) {
            items_.emplace_back(std::move(item), pushed_);
        } else {
            items_.emplace_back(std::move(item));
        }
        ++pushed_;
        rise(last, landing_);
    }

    T& top() {
        landing_ = place_of_last_below_top();
        return items_.front().item();
    }

    /// Removes what top() returned, and has been moved from since.
    void pop() noexcept {
        // The path from the top to the place where the last item will land moves up by one.
        sink(landing_);
        items_.pop_back();
    }

    std::size_t size() const noexcept { return items_.size(); }
    /// Exchanges all items for those, which are none.
    void swap(Items& items) noexcept { items_.swap(items); }

private:
    static std::size_t parent(std::size_t place) noexcept { return (place - 1) / 2; }

    bool before(const Item& left, const Item& right) const {
        if (less_(left.item(), right.item())) return true;
        if constexpr (Stable) {
            return left.older_than(right) && !less_(right.item(), left.item());
        } else {
            return false;
        }
    }

    /// Where an item belongs that is about to be stored at `place`. It is younger than all that are equal.
    std::size_t place_among_ancestors(std::size_t place, const T& item) const {
        while (place > 0 && less_(item, items_[parent(place)].item())) place = parent(place);
        return place;
    }

    /// Moves the item at `from` up to its ancestor's place `to`, and those in between down.
    void rise(std::size_t from, std::size_t to) noexcept {
        if (from == to) return;
        Item item = std::move(items_[from]);
        for (; from != to; from = parent(from)) items_[from] = std::move(items_[parent(from)]);
        items_[to] = std::move(item);
    }

    /// Where the last item belongs once the top has gone.
    std::size_t place_of_last_below_top() const {
        const std::size_t last = items_.size() - 1;
        std::size_t place = 0;
        for (std::size_t child = 1; child < last; child = 2 * place + 1) {
            if (child + 1 < last && before(items_[child + 1], items_[child])) ++child;
            if (!before(items_[child], items_[last])) break;
            place = child;
        }
        return place;
    }

    /// Moves the ancestors of `place` up by one, over the top, and the last item to `place`.
    void sink(std::size_t place) noexcept {
        Item* last = &items_.back();
        if (last == &items_.front()) return;
        Item item = std::move(*last);
        for (std::size_t at = place;; at = parent(at)) {
            std::swap(items_[at], item);
            if (at == 0) break;
        }
    }

    [[no_unique_address]] Compare less_;
    Items items_;
    std::uint64_t pushed_ = 0;
    std::size_t landing_ = 0;  ///< where the item goes that is moved next
};

}  // namespace threadwise::detail
