#pragma once

/// \file
/// A call that is made after a while. Python: docs.python.org/3/library/threading.html, "Timer Objects".

#include <memory>
#include <typeinfo>
#include <utility>

#include "threadwise/detail/threads/check_call.hpp"
#include "threadwise/detail/threads/target.hpp"
#include "threadwise/export.hpp"
#include "threadwise/source_location.hpp"
#include "threadwise/thread.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise {

namespace detail {
/// What calls `target` after `interval`, unless stop is requested before.
THREADWISE_API std::unique_ptr<Target> delayed(Timeout interval, std::unique_ptr<Target> target);
}  // namespace detail

/// A Thread that waits for `interval`, from start() on, and then calls the callable, once.
///
///     threadwise::Timer alarm(30s, print, "time is up");
///     alarm.start();
///     ...
///     alarm.cancel();
///
/// Going out of scope it cancels the call, or waits for it to end if it has begun; a daemon Timer goes on. An interrupt
/// of its thread during the wait is an exception that escapes a thread.
class THREADWISE_API Timer final : public Thread {
public:
    template <class Callable, class... Args>
    explicit Timer(Timeout interval, Callable&& callable, Args&&... args)
        : Timer(ThreadOptions{}, interval, std::forward<Callable>(callable), std::forward<Args>(args)...) {}

    template <class Callable, class... Args>
    explicit Timer(ThreadOptions options, Timeout interval, Callable&& callable, Args&&... args)
        : Thread(std::move(options),
                 detail::delayed(interval,
                                 detail::checked_target(std::forward<Callable>(callable), std::forward<Args>(args)...)),
                 typeid(Timer)) {}

    Timer(Timer&&) noexcept = default;
    Timer& operator=(Timer&&) noexcept = default;
    ~Timer() override;

    /// Takes the call back, if it has not begun; the thread then ends at once. Any thread may cancel, any number of
    /// times, also before start(). The same as request_stop(): a call that has begun is told so by its stop_token.
    void cancel();
};

}  // namespace threadwise
