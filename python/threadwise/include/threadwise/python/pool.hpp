#pragma once

/// \file
/// threadwise.concurrent.futures.ThreadPoolExecutor in C++.

#include <Python.h>

#include <future>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "object.hpp"

namespace threadwise::py {

/// A ThreadPoolExecutor: C++ has its threads call C++ functions, among the calls that Python submits.
class Pool {
public:
    /// One that was made in Python. Throws std::invalid_argument if it is none. With the interpreter's lock held.
    explicit Pool(PyObject* pool) : object_(pool, 'p', "ThreadPoolExecutor") {}
    /// A new one of at most so many threads. Takes the interpreter's lock.
    static Pool make(int max_workers) {
        return detail::make<Pool>("threadwise.concurrent.futures", "ThreadPoolExecutor", "(i)", max_workers);
    }

    /// The pool for Python; borrowed.
    PyObject* object() const noexcept { return object_.get(); }

    /// Has function(arguments...), which are copied or moved, called by a thread of the pool without the interpreter's
    /// lock. submit() takes that lock only in order to have a thread started, until there are max_workers of them.
    ///
    /// Throws Error if the pool takes no calls any more. A call that is dropped, by shutdown(cancel_futures=True) for
    /// instance, leaves a future with a broken promise. The function may not end its thread, by pthread_exit() or as it
    /// is cancelled: that ends the program.
    template <class Function, class... Arguments>
    auto submit(Function&& function, Arguments&&... arguments) {
        using Result = std::invoke_result_t<std::decay_t<Function>, std::decay_t<Arguments>...>;
        auto call = std::make_unique<Call<Result>>([callee = std::decay_t<Function>(std::forward<Function>(function)),
                                                    values = std::tuple<std::decay_t<Arguments>...>(
                                                        std::forward<Arguments>(arguments)...)]() mutable -> Result {
            return std::apply(std::move(callee), std::move(values));
        });
        std::future<Result> future = call->task.get_future();
        submit_call(std::move(call));
        return future;
    }

private:
    template <class Result>
    struct Call : NativeCall {
        template <class Function>
        explicit Call(Function function) : NativeCall{run_call, destroy_call}, task(std::move(function)) {}

        static NativeOutcome run_call(NativeCall* call) noexcept {
            static_cast<Call*>(call)->task();
            return {nullptr, false};
        }
        static void destroy_call(NativeCall* call) noexcept { delete static_cast<Call*>(call); }

        std::packaged_task<Result()> task;
    };

    template <class Result>
    void submit_call(std::unique_ptr<Call<Result>> call) {
        const Interface& interface = detail::interface();
        const detail::Detached detached;
        if (interface.pool_submit(object(), call.get()) == Interface::done) {
            static_cast<void>(call.release());
            return;
        }
        const detail::Attached attached;
        NativeCall* const given = call.release();
        if (!detail::or_stay([&] { return interface.start_worker(object(), given); })) detail::throw_python_error();
    }

    Object object_;
};

}  // namespace threadwise::py
