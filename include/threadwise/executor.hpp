#pragma once
// Executors of any kind (Python: concurrent.futures.Executor).

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "threadwise/detail/threads/check_call.hpp"
#include "threadwise/future.hpp"
#include "threadwise/source_location.hpp"

namespace threadwise {

/// What takes calls and gives futures. What submit() promises beyond that is each executor's own.
template <class E>
concept Executor = requires(E& executor, void (*function)(), bool flag) {
    { executor.submit(function) } -> std::same_as<Future<void>>;
    executor.shutdown(flag, flag);
};

/// Stands for an executor whose type is of no interest. Copies stand for the same one, which must outlive them all and
/// decides about thread-safety. A call costs two allocations more than without. One that has been moved from throws
/// RuntimeError when it is used.
class AnyExecutor {
public:
    template <Executor E>
        requires(!std::same_as<std::remove_cvref_t<E>, AnyExecutor>)
    AnyExecutor(E& executor) : target_(std::make_shared<TargetOf<E>>(executor)) {}  // NOLINT: a view of it

    /// Schedules `function(arguments...)`. Throws what the executor's submit() throws.
    template <class Function, class... Arguments>
    auto submit(Function&& function, Arguments&&... arguments) {
        detail::check_call<Function, Arguments...>();
        using Call = detail::BoundCallOf<Function, Arguments...>;
        using Result = detail::BoundResult<Function, Arguments...>;
        Target& executor = target();
        auto* const state = new detail::CallState<Result, Call>(nullptr, std::forward<Function>(function),
                                                                std::forward<Arguments>(arguments)...);
        auto future = detail::FutureAccess::adopt<Result>(state);
        executor.run(detail::StatePointer<detail::FutureState>(state));
        return future;
    }

    void shutdown(bool wait = true, bool cancel_futures = false) { target().shutdown(wait, cancel_futures); }

private:
    struct Target {
        virtual ~Target() = default;
        virtual void run(detail::StatePointer<detail::FutureState> call) = 0;
        virtual void shutdown(bool wait, bool cancel_futures) = 0;
    };

    template <class E>
    struct TargetOf final : Target {
        explicit TargetOf(E& target) : executor(target) {}

        void run(detail::StatePointer<detail::FutureState> call) override {
            // If the executor cancels its own future of this call, it must cancel ours: it does by dropping the call.
            struct Call {
                detail::StatePointer<detail::FutureState> state;
                explicit Call(detail::StatePointer<detail::FutureState> s) noexcept : state(std::move(s)) {}
                Call(Call&&) noexcept = default;
                Call& operator=(Call&&) noexcept = default;
                ~Call() {
                    if (state.get() == nullptr) return;
                    state->cancel();
                    state->drop_call_if_done();
                }
                void operator()() { state->run_if_pending(); }
            };
            executor.submit(Call(std::move(call)));
        }

        void shutdown(bool wait, bool cancel_futures) override { executor.shutdown(wait, cancel_futures); }

        E& executor;
    };

    Target& target() const {
        if (target_ == nullptr) [[unlikely]]
            throw RuntimeError("this AnyExecutor was moved from: it stands for no executor any more");
        return *target_;
    }

    std::shared_ptr<Target> target_;
};

}  // namespace threadwise
