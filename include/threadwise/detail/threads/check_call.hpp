#pragma once
// What the compiler says about a call that is handed to a thread or a pool and cannot be made.

#include <functional>
#include <memory>
#include <ranges>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "threadwise/detail/threads/target.hpp"

namespace threadwise::detail {

/// What is no function, no pointer to a member, and has no members: a number, a pointer, an enumerator.
template <class T>
inline constexpr bool cannot_be_callable =
    std::is_scalar_v<T> && !std::is_member_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>;

/// Whether the call could be made if the arguments were passed on as variables, and not as copies.
template <class Callable, class... Args>
inline constexpr bool takes_references =
    std::is_invocable_v<std::decay_t<Callable>, std::decay_t<Args>&...> ||
    std::is_invocable_v<std::decay_t<Callable>, std::stop_token, std::decay_t<Args>&...>;

template <class Range>
constexpr void check_copies() {
    static_assert(
        std::is_constructible_v<std::ranges::range_value_t<Range>, std::ranges::range_reference_t<Range>>,
        "threadwise: the elements of the range cannot be copied, and each call gets a copy of its own: give a "
        "range of pointers or std::ref()s, or one whose elements are moved (std::ranges::subrange of "
        "std::move_iterators)");
}

/// Does not compile, for a reason that is said, unless `fits`.
template <bool fits, class Callable, class... Args>
constexpr void explain_call() {
    static_assert(
        (std::is_constructible_v<std::decay_t<Callable>, Callable> && ... &&
         std::is_constructible_v<std::decay_t<Args>, Args>),
        "threadwise: the callable or an argument cannot be copied: pass it with std::move(), so that the call "
        "owns it, or pass std::ref() of it if it outlives the call");
    static_assert(
        fits || !cannot_be_callable<std::decay_t<Callable>>,
        "threadwise: what is to be called is no function, lambda or function object: pass the function and its "
        "arguments, as in (function, argument), not the result of calling it");
    static_assert(fits || cannot_be_callable<std::decay_t<Callable>> || !takes_references<Callable, Args...>,
                  "threadwise: the function takes a reference to a variable, but the call gets a copy of the argument: "
                  "pass std::ref(variable), or let the function take it by value or by const reference");
    static_assert(
        fits || cannot_be_callable<std::decay_t<Callable>> || takes_references<Callable, Args...>,
        "threadwise: the arguments do not fit the function: it cannot be called with so many, or with values of "
        "these types");
}

/// Does not compile unless a copy of the callable can be called with copies of the arguments.
template <class Callable, class... Args>
constexpr void check_call() {
    explain_call<std::is_invocable_v<std::decay_t<Callable>, std::decay_t<Args>...>, Callable, Args...>();
}

/// The same where the callable may take a std::stop_token before them.
template <class Callable, class... Args>
constexpr void check_call_with_stop() {
    explain_call<Runnable<Callable, Args...>, Callable, Args...>();
}

template <class Callable, class... Args>
std::unique_ptr<Target> checked_target(Callable&& callable, Args&&... args) {
    check_call_with_stop<Callable, Args...>();
    return bind_target(std::forward<Callable>(callable), std::forward<Args>(args)...);
}

/// The same with a copy of each element of a range, one after another.
template <class Callable, class Range>
constexpr void check_call_of_elements() {
    using Element = std::ranges::range_reference_t<Range>;
    using Copy = std::ranges::range_value_t<Range>;
    check_copies<Range>();
    explain_call<std::is_invocable_v<std::decay_t<Callable>, Copy>, Callable, Element>();
}

/// The same with copies of elements of several ranges, of one callable that all calls share.
template <class Callable, class... Ranges>
constexpr void check_shared_call_of_elements() {
    (check_copies<Ranges>(), ...);
    explain_call<std::is_invocable_v<std::decay_t<Callable>&, std::ranges::range_value_t<Ranges>...>, Callable,
                 std::ranges::range_reference_t<Ranges>...>();
}

}  // namespace threadwise::detail
