#pragma once
// What other threads wait for, and any thread of a storm may do for them.

#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "storm/choices.hpp"

namespace threadwise::storm {

/// Tries to do something without a wait; false: not possible now, try it again later.
using Deed = std::function<bool(Choices&)>;

/// Deeds in no order. Built on the standard library alone, because the storm relies on it.
class Board {
public:
    void post(Deed deed, std::size_t times = 1) {
        const std::lock_guard hold(mutex_);
        deeds_.insert(deeds_.end(), times, std::move(deed));
    }

    /// Tries one of the deeds; whether it is done.
    bool serve(Choices& choices) {
        Deed deed;
        {
            const std::lock_guard hold(mutex_);
            if (deeds_.empty()) return false;
            std::swap(deeds_[choices.below(deeds_.size())], deeds_.back());
            deed = std::move(deeds_.back());
            deeds_.pop_back();
            ++served_;
        }
        const bool done = deed(choices);
        const std::lock_guard hold(mutex_);
        --served_;
        if (!done) deeds_.push_back(std::move(deed));
        return done;
    }

    /// How many are left, those included that are tried at this moment.
    std::size_t size() {
        const std::lock_guard hold(mutex_);
        return deeds_.size() + served_;
    }

private:
    std::mutex mutex_;
    std::vector<Deed> deeds_;
    std::size_t served_ = 0;
};

}  // namespace threadwise::storm
