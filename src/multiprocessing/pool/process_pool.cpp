#include "multiprocessing/pool/process_pool.hpp"

#include <utility>

#include "multiprocessing/pool/carried_error.hpp"
#include "multiprocessing/processes/may_start.hpp"
#include "platform/cpu.hpp"
#include "runtime/base/exception_text.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/hold.hpp"

namespace threadwise::multiprocessing {
namespace {

/// How many workers in a row may die before they begin a call.
constexpr int most_attempts = 3;

std::size_t checked_workers(std::optional<int> max_workers) {
    if (!max_workers) return platform::core_count();
    if (*max_workers <= 0) throw ValueError("max_workers must be greater than 0");
    return static_cast<std::size_t>(*max_workers);
}

std::optional<std::uint64_t> checked_calls(std::optional<int> max_tasks_per_child) {
    if (!max_tasks_per_child) return std::nullopt;
    if (*max_tasks_per_child <= 0) throw ValueError("max_tasks_per_child must be >= 1");
    return static_cast<std::uint64_t>(*max_tasks_per_child);
}

std::string next_name() {
    static std::atomic<unsigned> last{0};
    return "ProcessPoolExecutor-" + std::to_string(last++);
}

template <class Error>
std::exception_ptr error_of(const std::string& what) {
    return std::make_exception_ptr(Error(what));
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

ProcessPool::ProcessPool(ProcessPoolOptions options)
    : max_workers_(checked_workers(options.max_workers)),
      name_(next_name()),
      max_calls_(checked_calls(options.max_tasks_per_child)) {
    if (options.initializer) initializer_ = std::move(options.initializer->packed());
}

void ProcessPool::expect_accepting() const {
    if (!may_start_functions()) {
        throw RuntimeError(
            "can't make calls in processes: main() has not called freeze_support(); call "
            "threadwise::multiprocessing::freeze_support() at its beginning");
    }
    if (is_orphan()) {
        throw RuntimeError(
            "this ProcessPoolExecutor belongs to the process that this one was forked from: make another");
    }
    if (!broken_.empty()) throw BrokenProcessPool(broken_);
    if (is_closed_) throw RuntimeError("cannot schedule new futures after shutdown");
}

void ProcessPool::submit(Task task) {
    const auto held = hold(lock_);
    expect_accepting();
    tasks_.push_back(std::move(task));
    try {
        add_member_if_needed();
    } catch (...) {
        // Those that there are will run it.
        if (!members_.empty()) return changed_.notify();
        task = std::move(tasks_.back());
        tasks_.pop_back();
        throw;
    }
    changed_.notify();
}

/// With the lock.
void ProcessPool::add_member_if_needed() {
    if (tasks_.size() <= idle_ || members_.size() == max_workers_) return;
    Member& member = members_.emplace_back(name_ + '_' + std::to_string(members_.size()));
    try {
        member.thread = Thread({.name = name_ + '_' + std::to_string(members_.size() - 1), .daemon = false},
                               [self = shared_from_this(), &member] { self->serve(member.worker); });
        member.thread.start();
    } catch (...) {
        members_.pop_back();
        throw;
    }
}

void ProcessPool::close() {
    const auto held = hold(lock_);
    is_closed_ = true;
    changed_.notify_all();
}

std::deque<ProcessPool::Task> ProcessPool::take_all() {
    const auto held = hold(lock_);
    return std::exchange(tasks_, {});
}

void ProcessPool::shutdown(bool wait, bool cancel_futures) {
    close();
    if (cancel_futures) {
        for (const Task& task : take_all()) task->cancel();
    }
    if (!wait) return;
    // No member comes any more, and none goes before the pool.
    for (Member& member : members_) member.thread.join();
}

void ProcessPool::end_workers(bool by_force) {
    shutdown(false, true);
    for (Member& member : members_) member.worker.end(by_force);
}

std::size_t ProcessPool::queued() const {
    const auto held = hold(lock_);
    return tasks_.size();
}

/// What a worker's thread does.
void ProcessPool::serve(WorkerProcess& worker) {
    const std::uint64_t other_calls = initializer_ ? 1 : 0;
    while (Task task = next()) {
        run(worker, std::move(task));
        if (max_calls_ && worker.calls() >= *max_calls_ + other_calls) worker.retire();
    }
    worker.retire();
}

/// Null: the pool was shut down, and nothing is left.
ProcessPool::Task ProcessPool::next() {
    const auto held = hold(lock_);
    ++idle_;
    while (tasks_.empty() && !is_closed_) {
        try {
            changed_.wait();
        } catch (const InterruptedError&) {  // NOLINT(bugprone-empty-catch): this thread is the pool's
        }
    }
    --idle_;
    if (tasks_.empty()) return nullptr;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
}

void ProcessPool::run(WorkerProcess& worker, Task task) {
    if (!task->begin()) return;
    threadwise::detail::call_user_code([&] { make(worker, *task); },
                                       [&](std::exception_ptr failure) { task->fail(std::move(failure)); });
}

void ProcessPool::make(WorkerProcess& worker, detail::ProcessTask& task) {
    CallResult result{.end = CallEnd::not_begun, .text = {}};
    for (int attempts = 0; result.end == CallEnd::not_begun && attempts < most_attempts; ++attempts) {
        prepare(worker);
        result = worker.make(task.call, task.time_limit);
    }
    switch (result.end) {
        case CallEnd::returned: return task.succeed(bytes_of(result.text));
        case CallEnd::threw: return task.fail(unpack_error(bytes_of(result.text)));
        case CallEnd::too_long:
            return task.fail(error_of<TimeoutError>("the call ran for longer than its time limit, and was ended"));
        case CallEnd::died:
            return task.fail(
                error_of<BrokenProcessPool>("the worker process " + result.text + " while it made this call"));
        case CallEnd::not_begun:
            return task.fail(error_of<BrokenProcessPool>("no worker process came to this call: the last one " +
                                                         result.text + " before"));
    }
}

/// A process that is ready for a call. Throws OSError, BrokenProcessPool.
void ProcessPool::prepare(WorkerProcess& worker) {
    if (worker.is_alive()) return;
    worker.start();
    if (initializer_) initialize(worker);
}

void ProcessPool::initialize(WorkerProcess& worker) {
    const CallResult result = worker.make(*initializer_, forever);
    if (result.end == CallEnd::returned) return;
    std::string why = "an initializer of this pool has failed: the worker process " + result.text;
    if (result.end == CallEnd::threw) {
        threadwise::detail::call_user_code([&] { std::rethrow_exception(unpack_error(bytes_of(result.text))); },
                                           [&](const std::exception_ptr& failure) {
                                               why = "an initializer of this pool has thrown " +
                                                     runtime::exception_text(failure);
                                           });
    }
    worker.retire();
    break_down(why);
    throw BrokenProcessPool(why);
}

void ProcessPool::break_down(const std::string& why) {
    {
        const auto held = hold(lock_);
        broken_ = why;
    }
    for (const Task& task : take_all()) {
        if (task->begin()) task->fail(error_of<BrokenProcessPool>(why));
    }
}

}  // namespace threadwise::multiprocessing
