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

void ProcessPool::expect_usable() const {
    if (!may_start_functions()) {
        throw RuntimeError(
            "can't make calls in processes: main() has not called freeze_support(); call "
            "threadwise::multiprocessing::freeze_support() at its beginning");
    }
    if (is_orphan()) {
        throw RuntimeError(
            "this ProcessPoolExecutor belongs to the process that this one was forked from: make another");
    }
}

void ProcessPool::submit(Task task) {
    expect_usable();
    const void* const call = task.get();
    Tasks one;
    one.push_back(std::move(task));
    if (const auto number = queue(one)) add_member(*number, call);
}

/// Queues a call. Returns the number of the member that is to be added, if one is. Throws BrokenProcessPool,
/// RuntimeError.
std::optional<std::size_t> ProcessPool::queue(Tasks& one) {
    std::shared_ptr<const std::string> broken;
    {
        const auto held = hold(lock_);
        broken = broken_;
        if (!broken && !is_closed_) {
            tasks_.splice(tasks_.end(), one);
            changed_.notify();
            const std::size_t number = members_.size() + starting_;
            if (tasks_.size() <= idle_ || number == max_workers_) return std::nullopt;
            ++starting_;
            return number;
        }
    }
    if (broken) throw BrokenProcessPool(*broken);
    throw RuntimeError("cannot schedule new futures after shutdown");
}

/// Throws if it cannot and nobody else comes to the call, which then is not queued any more.
void ProcessPool::add_member(std::size_t number, const void* call) {
    try {
        std::list<Member> one;
        const std::string name = name_ + '_' + std::to_string(number);
        Member& member = one.emplace_back(name);
        member.thread = Thread({.name = name, .daemon = false},
                               [self = shared_from_this(), &member] { self->serve(member.worker); });
        member.thread.start();
        const auto held = hold(lock_);
        members_.splice(members_.end(), one);
        --starting_;
        changed_.notify_all();
    } catch (...) {
        if (give_up_member(call)) throw;
    }
}

/// A member could not be started. Without any, nobody comes to what is queued: other threads' calls fail for the same
/// reason. True: so does this one.
bool ProcessPool::give_up_member(const void* call) {
    Tasks left;
    {
        const auto held = hold(lock_);
        --starting_;
        changed_.notify_all();
        if (!members_.empty() || starting_ != 0) return false;
        left.swap(tasks_);
    }
    bool was_queued = false;
    for (const Task& task : left) {
        if (task.get() == call) {
            was_queued = true;
        } else if (task->begin()) {
            task->fail(std::current_exception());
        }
    }
    return was_queued;
}

void ProcessPool::close() {
    const auto held = hold(lock_);
    is_closed_ = true;
    changed_.notify_all();
}

ProcessPool::Tasks ProcessPool::take_all() {
    Tasks all;
    const auto held = hold(lock_);
    all.swap(tasks_);
    return all;
}

void ProcessPool::shutdown(bool wait, bool cancel_futures) {
    close();
    if (cancel_futures) {
        for (const Task& task : take_all()) task->cancel();
    }
    if (!wait) return;
    {
        const auto held = hold(lock_);
        while (starting_ != 0) changed_.wait();
    }
    // No member comes any more, and none goes before the pool.
    for (Member& member : members_) member.thread.join();
}

void ProcessPool::end_workers(bool by_force) {
    shutdown(false, true);
    // One that comes after this finds nothing to do, and starts no process.
    const auto held = hold(lock_);
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
    Tasks one;
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
    one.splice(one.end(), tasks_, tasks_.begin());
    return std::move(one.front());
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

void ProcessPool::break_down(std::string why) {
    const auto broken = std::make_shared<const std::string>(std::move(why));
    std::shared_ptr<const std::string> before;
    {
        const auto held = hold(lock_);
        before = std::exchange(broken_, broken);
    }
    for (const Task& task : take_all()) {
        if (task->begin()) task->fail(error_of<BrokenProcessPool>(*broken));
    }
}

}  // namespace threadwise::multiprocessing
