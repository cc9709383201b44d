#pragma once
// Sorts plain keys of which few are out of order: those are taken out, sorted, and merged back (Ernerfeldt, "Drop-merge
// sort", 2016).

#include <algorithm>
#include <cstddef>

#include "threadwise/detail/sort/merge.hpp"

namespace threadwise::detail {

/// Whether a sample of neighbours has few that are out of order.
template <class T, class Less>
bool seems_nearly_sorted(const T* first, const T* last, Less& less) {
    constexpr std::ptrdiff_t samples = 512;
    constexpr int most_descents = samples / 16;
    const std::ptrdiff_t stride = (last - first - 1) / samples;
    int descents = 0;
    for (std::ptrdiff_t i = 0; i < samples && descents <= most_descents; ++i) {
        descents += static_cast<bool>(less(first[i * stride + 1], first[i * stride]));
    }
    return descents <= most_descents;
}

/// Splits an array into keys that are in order, which stay, and those that are not, which are moved to `dropped`. The
/// destructor moves them back.
template <class T, class Less>
class DropStragglers {
public:
    /// `dropped` has room for `most` keys.
    DropStragglers(T* first, T* last, T* dropped, std::ptrdiff_t most, Less& less) noexcept
        : first_(first), next_(first), last_(last), kept_end_(first), dropped_(dropped), most_(most), less_(less) {}
    DropStragglers(const DropStragglers&) = delete;
    DropStragglers& operator=(const DropStragglers&) = delete;
    ~DropStragglers() { std::copy_n(dropped_, count_, kept_end_); }

    /// False: there are too many of them.
    bool run() {
        while (next_ != last_) {
            if (kept_end_ == first_ || !less_(*next_, kept_end_[-1])) {
                *kept_end_++ = *next_++;
                dropped_in_a_row_ = 0;
                continue;
            }
            if (count_ == most_) return false;
            drop_one();
        }
        return true;
    }

    T* dropped_end() const noexcept { return dropped_ + count_; }

    /// Merges the dropped keys, which have been sorted, with those that were kept.
    void merge() {
        MergeBack<T*, T*> back(first_, kept_end_, dropped_, dropped_end());
        count_ = 0;
        back.run([this](const T& kept, const T& dropped) -> bool { return less_(dropped, kept); });
    }

private:
    /// The next key, or the last one kept, whichever disturbs the order.
    void drop_one() {
        if (kept_end_ - first_ >= 2 && !less_(*next_, kept_end_[-2])) {
            dropped_[count_++] = kept_end_[-1];
            kept_end_[-1] = *next_++;
            return;
        }
        dropped_[count_++] = *next_++;
        if (++dropped_in_a_row_ == too_many_in_a_row) keep_those_instead();
    }

    /// Many keys in a row were dropped: what was kept before them was too large. Drops that, one key at least, and
    /// looks at them again. As many keys as may be dropped, as often at most is anything looked at again.
    void keep_those_instead() {
        next_ -= too_many_in_a_row;
        count_ -= too_many_in_a_row;
        std::copy_n(dropped_ + count_, too_many_in_a_row, next_);
        dropped_in_a_row_ = 0;
        const T greatest = *std::max_element(next_, next_ + too_many_in_a_row, less_);
        do {
            dropped_[count_++] = *--kept_end_;
        } while (kept_end_ != first_ && count_ != most_ && less_(greatest, kept_end_[-1]));
    }

    static constexpr int too_many_in_a_row = 8;

    T* const first_;
    T* next_;  ///< before it lie the kept keys, and a gap as large as what was dropped
    T* const last_;
    T* kept_end_;
    T* const dropped_;
    const std::ptrdiff_t most_;
    std::ptrdiff_t count_ = 0;
    int dropped_in_a_row_ = 0;
    Less& less_;
};

/// Sorts an array of which few keys are out of order; `sort_others` sorts those. False if they are many, or if there is
/// no memory for them; the array then holds the same keys.
template <class T, class Less, class SortOthers>
bool sort_stragglers(T* first, T* last, Less& less, SortOthers sort_others) {
    constexpr std::ptrdiff_t worth_it = 4096;
    if (last - first < worth_it || !seems_nearly_sorted(first, last, less)) return false;
    const std::ptrdiff_t most = (last - first) / 8;
    const MovedAway<T> room(most);
    if (!room.has_memory()) return false;
    DropStragglers drop(first, last, room.begin(), most, less);
    if (!drop.run()) return false;
    sort_others(room.begin(), drop.dropped_end());
    drop.merge();
    return true;
}

}  // namespace threadwise::detail
