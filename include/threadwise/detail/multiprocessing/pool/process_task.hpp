#pragma once

/// \file
/// A call that waits for a worker process, and the future of its result.

#include <cstddef>
#include <exception>
#include <span>
#include <utility>
#include <vector>

#include "threadwise/detail/multiprocessing/processes/pack_value.hpp"
#include "threadwise/detail/multiprocessing/processes/packed_call.hpp"
#include "threadwise/future.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing::detail {

class ProcessTask {
public:
    ProcessTask(PackedCall packed, Timeout limit) : call(std::move(packed)), time_limit(limit) {}
    virtual ~ProcessTask() = default;
    ProcessTask(const ProcessTask&) = delete;
    ProcessTask& operator=(const ProcessTask&) = delete;

    /// False: the future was cancelled.
    virtual bool begin() = 0;
    virtual void cancel() = 0;
    virtual void succeed(std::span<const std::byte> result) = 0;
    virtual void fail(std::exception_ptr failure) = 0;

    const PackedCall call;
    const Timeout time_limit;
};

/// `Reader` makes the result of the bytes.
template <class Result, class Reader>
class TaskOf final : public ProcessTask {
public:
    using ProcessTask::ProcessTask;

    const Future<Result>& future() const noexcept { return future_; }

    bool begin() override { return future_.set_running_or_notify_cancel(); }
    void cancel() override {
        // A pending future that is cancelled has to be told so by its executor.
        if (future_.cancel()) future_.set_running_or_notify_cancel();
    }
    void succeed(std::span<const std::byte> result) override {
        settle([&] { future_.set_result_of([&] { return Reader()(result); }); });
    }
    void fail(std::exception_ptr failure) override {
        settle([&] { future_.set_exception(std::move(failure)); });
    }

private:
    /// Unless another part of the program has set the outcome by its handle.
    template <class Set>
    static void settle(Set set) {
        try {
            set();
        } catch (const InvalidStateError&) {  // NOLINT(bugprone-empty-catch): the call was in vain
        }
    }

    Future<Result> future_ = Future<Result>::create();
};

template <class Result>
struct ReadResult {
    Result operator()(std::span<const std::byte> bytes) const {
        if constexpr (!std::is_void_v<Result>) return unpack_value<Result>(bytes);
    }
};

}  // namespace threadwise::multiprocessing::detail
