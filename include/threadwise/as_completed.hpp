#pragma once
// as_completed: several futures in the order in which they become done (Python: concurrent.futures.as_completed).

#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <stop_token>
#include <utility>
#include <vector>

#include "threadwise/detail/futures/completions.hpp"
#include "threadwise/future.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"
#include "threadwise/wait.hpp"

namespace threadwise {

/// A range of futures that is read once, by one thread. It owns each future until it has given it out.
template <class T>
class AsCompleted {
public:
    AsCompleted(std::vector<Future<T>> futures, std::stop_token stop, Timeout timeout, SourceLocation where)
        : futures_(std::move(futures)),
          completions_(detail::states_of(futures_)),
          stop_(std::move(stop)),
          deadline_(timeout),
          where_(where) {}

    /// An input iterator; each step waits for the next future.
    class Iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = Future<T>;
        using difference_type = std::ptrdiff_t;

        explicit Iterator(AsCompleted& range) : range_(&range) { advance(); }

        Future<T>& operator*() const noexcept { return range_->current_; }
        Iterator& operator++() {
            advance();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const noexcept { return range_ == nullptr; }

    private:
        void advance() {
            if (!range_->advance()) range_ = nullptr;
        }

        AsCompleted* range_;
    };

    /// Waits for the first future. Throws TimeoutError, as does the step to each further one.
    Iterator begin() { return Iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    bool advance() {
        current_ = {};
        if (completions_.left() == 0) return false;
        current_ = std::move(futures_[completions_.next(deadline_, stop_, where_)]);
        return true;
    }

    std::vector<Future<T>> futures_;
    Future<T> current_;
    detail::Completions completions_;  // goes before futures_, which it watches
    std::stop_token stop_;
    detail::Deadline deadline_;
    SourceLocation where_;
};

/// Gives each of the futures once it is done, cancelled ones too, those that are done already first. `timeout` counts
/// from this call; what is not done by then ends the iteration with TimeoutError. A future that has been given out is
/// not held any longer: reading the results of a million calls does not keep a million results. Once stop is requested,
/// a step that would have to wait throws InterruptedError.
template <std::ranges::input_range Futures>
auto as_completed(std::stop_token stop, Futures&& futures, Timeout timeout = forever,
                  SourceLocation where = SourceLocation::current()) {
    using T = typename detail::FutureIn<Futures>::value_type;
    return AsCompleted<T>(detail::unique_futures(std::forward<Futures>(futures)), std::move(stop), timeout, where);
}

/// The same without a stop token.
template <std::ranges::input_range Futures>
auto as_completed(Futures&& futures, Timeout timeout = forever, SourceLocation where = SourceLocation::current()) {
    return as_completed(std::stop_token(), std::forward<Futures>(futures), timeout, where);
}

/// Not for a future alone, or one after another: that does not compile.
template <class T, class... Others>
void as_completed(const Future<T>& /*future*/, const Others&... /*others*/) {
    detail::refuse_single_future<T>();
}

}  // namespace threadwise
