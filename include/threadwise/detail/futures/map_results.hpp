#pragma once
// What Executor.map() returns.

#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include "threadwise/detail/general/deadline.hpp"
#include "threadwise/future.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::detail {

/// A range of results, in the order of the arguments. Submits up to `buffersize` calls ahead. Used by one thread. Keeps
/// references to ranges given as lvalues, and the others themselves.
template <class Executor, class Function, class... Ranges>
class MapResults {
public:
    using Result = std::invoke_result_t<Function&, std::ranges::range_value_t<Ranges&>...>;

    template <class F>
    MapResults(Executor& executor, Timeout timeout, std::optional<std::size_t> buffersize, F&& function,
               Ranges&&... ranges)
        : executor_(executor),
          deadline_(timeout),
          function_(std::make_shared<Function>(std::forward<F>(function))),
          ranges_(std::forward<Ranges>(ranges)...),
          next_(std::apply([](auto&... range) { return std::tuple(std::ranges::begin(range)...); }, ranges_)) {
        try {
            for (std::size_t i = 0; (!buffersize || i < *buffersize) && submit_next(); ++i) {}
        } catch (...) {
            cancel_all();
            throw;
        }
    }
    MapResults(const MapResults&) = delete;
    MapResults& operator=(const MapResults&) = delete;
    ~MapResults() { cancel_all(); }

    class Iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = std::remove_cvref_t<Result>;
        using difference_type = std::ptrdiff_t;

        explicit Iterator(MapResults& results) noexcept : results_(&results) {}

        decltype(auto) operator*() const { return results_->calls_.front().result(results_->deadline_.left()); }
        Iterator& operator++() {
            results_->drop_first();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const noexcept { return results_->calls_.empty(); }

    private:
        MapResults* results_;
    };

    Iterator begin() noexcept { return Iterator(*this); }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    void cancel_all() {
        for (const auto& call : calls_) call.cancel();
    }

    void drop_first() {
        // What failed ends the iteration in Python; here, too, nobody gets beyond it without asking for it. In this
        // order: if the next call cannot be submitted, the iteration is where it was.
        submit_next();
        calls_.pop_front();
    }

    bool submit_next() { return submit_next(std::index_sequence_for<Ranges...>()); }

    template <std::size_t... I>
    bool submit_next(std::index_sequence<I...>) {
        if (((std::get<I>(next_) == std::ranges::end(std::get<I>(ranges_))) || ...)) return false;
        Future<Result>& call = calls_.emplace_back();  // first: a call that was submitted is not to be lost
        try {
            call = executor_.submit(
                [function = function_](std::ranges::range_value_t<Ranges&>&&... elements) -> Result {
                    return std::invoke(*function, std::move(elements)...);
                },
                std::ranges::range_value_t<Ranges&>(*std::get<I>(next_))...);
        } catch (...) {
            calls_.pop_back();
            throw;
        }
        (++std::get<I>(next_), ...);
        return true;
    }

    Executor& executor_;
    Deadline deadline_;
    std::shared_ptr<Function> function_;
    std::tuple<Ranges...> ranges_;
    std::tuple<std::ranges::iterator_t<Ranges&>...> next_;
    std::deque<Future<Result>> calls_;
};

}  // namespace threadwise::detail
