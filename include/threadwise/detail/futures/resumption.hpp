#pragma once
// The watcher that resumes a coroutine which awaits a future.

#include <atomic>
#include <coroutine>
#include <cstdint>

#include "threadwise/detail/futures/future_state.hpp"
#include "threadwise/export.hpp"

namespace threadwise::detail {

/// Resumes a coroutine once a future is done, unless the coroutine has been destroyed by then.
class THREADWISE_API Resumption final : public Watcher {
public:
    /// Begins to watch the future. `in_frame` is the awaiter's pointer in the coroutine's frame; it is set before the
    /// coroutine can be resumed. False: the future is done already, and the coroutine need not be suspended. True: the
    /// coroutine may have been resumed on another thread, and its frame destroyed, before this returns.
    static bool start(Resumption*& in_frame, std::coroutine_handle<> coroutine, FutureState& awaited);
    /// Called by the awaiter when the coroutine has been resumed or is being destroyed.
    static void end(Resumption& resumption, FutureState& awaited) noexcept;

    bool runs_user_code() const noexcept override { return true; }
    void tell(FutureState& done) override;
    void forget() noexcept override { drop_owners(1); }

private:
    explicit Resumption(std::coroutine_handle<> coroutine) noexcept : coroutine_(coroutine.address()) {}
    ~Resumption() = default;

    void* take_coroutine() noexcept;
    void drop_owners(std::uint32_t count) noexcept;

    std::atomic<void*> coroutine_;          ///< null once it has been resumed or must not be
    std::atomic<std::uint32_t> owners_{2};  ///< the awaiter and the future's list
};

}  // namespace threadwise::detail
