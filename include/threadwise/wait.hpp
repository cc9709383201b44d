#pragma once
// wait: until all, or the first, of several futures are done (Python: concurrent.futures.wait).

#include <exception>
#include <ranges>
#include <stop_token>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "threadwise/detail/futures/completions.hpp"
#include "threadwise/future.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

/// When wait() returns.
enum class ReturnWhen : std::uint8_t {
    first_completed,  ///< any future is done
    first_exception,  ///< any future has failed; without failures, all are done
    all_completed,
};
/// Python's names for them.
///@{
inline constexpr ReturnWhen FIRST_COMPLETED = ReturnWhen::first_completed;
inline constexpr ReturnWhen FIRST_EXCEPTION = ReturnWhen::first_exception;
inline constexpr ReturnWhen ALL_COMPLETED = ReturnWhen::all_completed;
///@}

/// What wait() returns, each future once, in the order they were given.
template <class T>
struct DoneAndNotDone {
    std::vector<Future<T>> done;
    std::vector<Future<T>> not_done;
};

namespace detail {

template <class Futures>
using FutureIn = std::remove_cvref_t<std::ranges::range_reference_t<Futures>>;

/// Each future once, in the order given.
template <class Futures>
auto unique_futures(Futures&& futures) {
    std::vector<FutureIn<Futures>> unique;
    std::unordered_set<FutureIn<Futures>> seen;
    for (auto&& future : futures) {
        if (seen.insert(future).second) unique.push_back(future);
    }
    return unique;
}

template <class T>
std::vector<FutureState*> states_of(const std::vector<Future<T>>& futures) {
    std::vector<FutureState*> states;
    states.reserve(futures.size());
    for (const auto& future : futures) states.push_back(&FutureAccess::expect_state(future));
    return states;
}

/// Returns when that is so, after the timeout, or when stop is requested.
THREADWISE_API void wait_for_states(const std::vector<FutureState*>& states, ReturnWhen return_when,
                                    const std::stop_token& stop, Timeout timeout, SourceLocation where);

/// What is given to wait() and as_completed() without a range around it does not compile.
template <class T>
constexpr void refuse_single_future() {
    static_assert(!std::is_same_v<T, T>,
                  "threadwise: wait() and as_completed() take a range of futures, such as a std::vector: of one future "
                  "call result(), which waits, or done()");
}

}  // namespace detail

/// Waits until the futures are done as `return_when` says, for `timeout`, or until stop is requested, and tells which
/// are. Cancelled futures are done. Throws InterruptedError if interrupt() ends the wait, InvalidStateError if a handle
/// stands for nothing. In a worker of the futures'
/// pool it waits as Future::result() does.
template <std::ranges::input_range Futures>
auto wait(std::stop_token stop, Futures&& futures, Timeout timeout = forever, ReturnWhen return_when = ALL_COMPLETED,
          SourceLocation where = SourceLocation::current()) {
    auto all = detail::unique_futures(std::forward<Futures>(futures));
    detail::wait_for_states(detail::states_of(all), return_when, stop, timeout, where);
    DoneAndNotDone<typename detail::FutureIn<Futures>::value_type> result;
    for (auto& future : all) (future.done() ? result.done : result.not_done).push_back(std::move(future));
    return result;
}

/// The same without a stop token. Only here, and only by ALL_COMPLETED without a timeout, does a worker make calls that
/// have not begun itself.
template <std::ranges::input_range Futures>
auto wait(Futures&& futures, Timeout timeout = forever, ReturnWhen return_when = ALL_COMPLETED,
          SourceLocation where = SourceLocation::current()) {
    return wait(std::stop_token(), std::forward<Futures>(futures), timeout, return_when, where);
}

/// Not for a future alone, or one after another: that does not compile.
template <class T, class... Others>
void wait(const Future<T>& /*future*/, const Others&... /*others*/) {
    detail::refuse_single_future<T>();
}

}  // namespace threadwise
