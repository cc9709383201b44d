#pragma once
// parallel_invoke: several functions side by side.

#include <functional>
#include <utility>

#include "threadwise/detail/pool/parallel.hpp"
#include "threadwise/task_group.hpp"

namespace threadwise {

/// Calls all the functions, the first one here, and returns when all have. Runs in the pool that runs the calling task,
/// or in default_executor(). What they throw is thrown as TaskGroup::wait does, but for the first: if it throws, the
/// others are cancelled and theirs are lost.
template <class First, class... Others>
void parallel_invoke(First&& first, Others&&... others) {
    detail::run_inside([&] {
        if (detail::this_worker == nullptr) {  // no thread can be had
            std::invoke(first);
            (std::invoke(others), ...);
            return;
        }
        TaskGroup group;
        (group.run([&others] { std::invoke(others); }), ...);
        std::invoke(first);
        group.wait();
    });
}

}  // namespace threadwise
