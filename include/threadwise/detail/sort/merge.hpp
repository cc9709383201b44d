#pragma once
// Merges sorted ranges. Whatever happens, no value is lost.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/task_group.hpp"

namespace threadwise::detail {

/// Merges two sorted ranges of moved values into `out`. The destructor moves those that were not merged.
template <class From, class To, class Less>
class Merge {
public:
    Merge(From a, From a_end, From b, From b_end, To out, Less& less)
        : a_(a), a_end_(a_end), b_(b), b_end_(b_end), out_(out), less_(less) {}
    Merge(const Merge&) = delete;
    Merge& operator=(const Merge&) = delete;
    ~Merge() { std::move(b_, b_end_, std::move(a_, a_end_, out_)); }

    /// Once. Both halves of the output side by side, if a worker wants one.
    void run() {
        const bool a_is_longer = a_end_ - a_ >= b_end_ - b_;
        constexpr std::ptrdiff_t worth_splitting = 8192;
        if ((a_is_longer ? a_end_ - a_ : b_end_ - b_) < worth_splitting || !work_is_wanted()) return run_here();
        // The pivot comes from the longer one. Of equal elements a's come first, so what equals a pivot of b's stays
        // left.
        const From a_cut =
            a_is_longer ? a_ + (a_end_ - a_) / 2 : std::upper_bound(a_, a_end_, b_[(b_end_ - b_) / 2], less_);
        const From b_cut = a_is_longer ? std::lower_bound(b_, b_end_, *a_cut, less_) : b_ + (b_end_ - b_) / 2;
        Merge left(a_, a_cut, b_, b_cut, out_, less_);
        Merge right(a_cut, a_end_, b_cut, b_end_, out_ + (a_cut - a_) + (b_cut - b_), less_);
        a_ = a_end_;
        b_ = b_end_;
        TaskGroup group;
        group.run([&right] { right.run(); });
        left.run();
        group.wait();
    }

private:
    void run_here() {
        Merge rest(a_, a_end_, b_, b_end_, out_, less_);  // on this stack alone, so that its parts stay in registers
        a_ = a_end_;
        b_ = b_end_;
        while (rest.a_ != rest.a_end_ && rest.b_ != rest.b_end_) {
            if (less_(*rest.b_, *rest.a_)) {
                *rest.out_ = std::move(*rest.b_);
                ++rest.b_;
            } else {
                *rest.out_ = std::move(*rest.a_);
                ++rest.a_;
            }
            ++rest.out_;
        }
    }

    From a_;
    const From a_end_;
    From b_;
    const From b_end_;
    To out_;
    Less& less_;
};

/// Memory for as many values as a range has, or none if there is none to be had. Holds values from fill() on.
template <class T>
class MovedAway {
public:
    explicit MovedAway(std::ptrdiff_t capacity) noexcept
        : values_(static_cast<T*>(::operator new(static_cast<std::size_t>(capacity) * sizeof(T),
                                                 std::align_val_t(alignof(T)), std::nothrow))) {}
    ~MovedAway() {
        std::destroy(values_, end_);
        ::operator delete(values_, std::align_val_t(alignof(T)));
    }
    MovedAway(const MovedAway&) = delete;
    MovedAway& operator=(const MovedAway&) = delete;

    bool has_memory() const noexcept { return values_ != nullptr; }

    /// Moves the values here, which may not throw.
    template <class Iterator>
    void fill(Iterator first, Iterator last) noexcept {
        end_ = std::uninitialized_move(first, last, values_);
    }

    T* begin() const noexcept { return values_; }
    T* end() const noexcept { return end_; }

private:
    T* values_;
    T* end_ = values_;
};

/// Merges sorted values that were moved away back into the gap that they left behind the sorted range [kept, kept_end),
/// from its far end. The destructor puts what was not merged into the gap.
template <class Iterator, class From>
class MergeBack {
public:
    MergeBack(Iterator kept, Iterator kept_end, From moved, From moved_end)
        : kept_(kept),
          kept_end_(kept_end),
          moved_(moved),
          moved_end_(moved_end),
          gap_end_(kept_end + (moved_end - moved)) {}
    MergeBack(const MergeBack&) = delete;
    MergeBack& operator=(const MergeBack&) = delete;
    ~MergeBack() { std::move_backward(moved_, moved_end_, gap_end_); }

    /// `kept_is_last(kept, moved)` tells which of two comes last.
    template <class KeptIsLast>
    void run(KeptIsLast kept_is_last) {
        while (kept_ != kept_end_ && moved_ != moved_end_) {
            const bool kept = kept_is_last(*(kept_end_ - 1), *(moved_end_ - 1));
            --gap_end_;
            if (kept) {
                *gap_end_ = std::move(*--kept_end_);
            } else {
                *gap_end_ = std::move(*--moved_end_);
            }
        }
    }

private:
    const Iterator kept_;
    Iterator kept_end_;
    const From moved_;
    From moved_end_;
    Iterator gap_end_;
};

/// Merges [first, middle) and [middle, last) by several workers, if both are long enough for that to pay, and there is
/// memory for both.
template <class Iterator, class Less>
bool merge_side_by_side(Iterator first, Iterator middle, Iterator last, Less& less) {
    constexpr std::ptrdiff_t worth_it = 65536;
    if (this_worker == nullptr || std::min(middle - first, last - middle) < std::max(worth_it, (last - first) / 8)) {
        return false;
    }
    MovedAway<std::iter_value_t<Iterator>> moved(last - first);
    if (!moved.has_memory()) return false;
    moved.fill(first, last);
    auto* const cut = moved.begin() + (middle - first);
    Merge(moved.begin(), cut, cut, moved.end(), first, less).run();
    return true;
}

/// Merges [first, middle) and [middle, last), both sorted, with memory for the shorter of them. Of equal elements those
/// of the first come first. False: there is no memory, and nothing was done.
template <class Iterator, class Less>
bool merge_neighbours(Iterator first, Iterator middle, Iterator last, Less& less) {
    if (first == middle || middle == last || !less(*middle, *(middle - 1))) return true;
    using Value = std::iter_value_t<Iterator>;
    if (merge_side_by_side(first, middle, last, less)) return true;
    if (last - middle <= middle - first) {
        MovedAway<Value> moved(last - middle);
        if (!moved.has_memory()) return false;
        moved.fill(middle, last);
        MergeBack<Iterator, Value*>(first, middle, moved.begin(), moved.end())
            .run([&less](auto&& kept, auto&& away) -> bool { return less(away, kept); });
    } else {
        MovedAway<Value> moved(middle - first);
        if (!moved.has_memory()) return false;
        moved.fill(first, middle);
        using Back = std::reverse_iterator<Iterator>;
        using From = std::reverse_iterator<Value*>;
        MergeBack<Back, From>(Back(last), Back(middle), From(moved.end()), From(moved.begin()))
            .run([&less](auto&& kept, auto&& away) -> bool { return less(kept, away); });
    }
    return true;
}

}  // namespace threadwise::detail
