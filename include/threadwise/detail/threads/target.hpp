#pragma once
// What a thread is to run, packed so that the library need not be a template.

#include <functional>
#include <memory>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// A callable with its arguments, called once.
class THREADWISE_API Target {
public:
    Target() = default;
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    virtual ~Target();

    virtual void run(std::stop_token stop) = 0;
    /// Where a plain function begins, whose name the thread may bear; null for anything else.
    virtual const void* function() const noexcept = 0;
};

template <class Callable, class... Args>
concept TakesStopToken = std::is_invocable_v<std::decay_t<Callable>, std::stop_token, std::decay_t<Args>...>;

template <class Callable, class... Args>
concept Runnable =
    TakesStopToken<Callable, Args...> || std::is_invocable_v<std::decay_t<Callable>, std::decay_t<Args>...>;

template <class Callable, class... Args>
class BoundTarget final : public Target {
public:
    template <class... Given>
    explicit BoundTarget(Given&&... given) : parts_(std::forward<Given>(given)...) {}

    void run(std::stop_token stop) override {
        std::apply(
            [&](Callable& callable, Args&... args) {
                if constexpr (TakesStopToken<Callable, Args...>) {
                    std::invoke(std::move(callable), std::move(stop), std::move(args)...);
                } else {
                    std::invoke(std::move(callable), std::move(args)...);
                }
            },
            parts_);
    }

    const void* function() const noexcept override {
        if constexpr (std::is_function_v<std::remove_pointer_t<Callable>>) {
            return reinterpret_cast<const void*>(std::get<0>(parts_));
        } else {
            return nullptr;
        }
    }

private:
    std::tuple<Callable, Args...> parts_;
};

template <class Callable, class... Args>
std::unique_ptr<Target> bind_target(Callable&& callable, Args&&... args) {
    return std::make_unique<BoundTarget<std::decay_t<Callable>, std::decay_t<Args>...>>(
        std::forward<Callable>(callable), std::forward<Args>(args)...);
}

}  // namespace threadwise::detail
