#pragma once
// What awaits a future on behalf of a coroutine.

#include <atomic>
#include <coroutine>
#include <cstdint>

#include "threadwise/detail/futures/future_state.hpp"
#include "threadwise/export.hpp"

namespace threadwise::detail {

/// Resumes a coroutine once a future is done, unless the coroutine has been destroyed by then.
class THREADWISE_API Resumption final : public Watcher {
public:
    /// Sets `place` in the coroutine's frame. False: the future is done already, and the coroutine need not be
    /// suspended. True: the frame may be gone when this returns.
    static bool start(Resumption*& place, std::coroutine_handle<> coroutine, FutureState& awaited);
    /// The coroutine goes on, or is being destroyed.
    static void end(Resumption& resumption, FutureState& awaited) noexcept;

    bool runs_user_code() const noexcept override { return true; }
    void tell(FutureState& done) override;
    void forget() noexcept override { drop_owners(1); }

private:
    explicit Resumption(std::coroutine_handle<> coroutine) noexcept : coroutine_(coroutine.address()) {}
    ~Resumption() = default;

    void* take_coroutine() noexcept;
    void drop_owners(std::uint32_t count) noexcept;

    std::atomic<void*> coroutine_;          ///< null once it is not to be resumed any more
    std::atomic<std::uint32_t> owners_{2};  ///< the awaiter and the future's list
};

}  // namespace threadwise::detail
