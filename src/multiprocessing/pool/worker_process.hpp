#pragma once
// One worker process, as the thread of the pool sees it that it belongs to.

#include <cstdint>
#include <optional>
#include <string>

#include "multiprocessing/pool/worker_main.hpp"
#include "threadwise/detail/multiprocessing/processes/packed_call.hpp"
#include "threadwise/lock.hpp"
#include "threadwise/multiprocessing/connection.hpp"
#include "threadwise/multiprocessing/process.hpp"
#include "threadwise/multiprocessing/shared.hpp"
#include "threadwise/timeout.hpp"

namespace threadwise::multiprocessing {

/// What became of a call that was given to a worker.
enum class CallEnd : std::uint8_t {
    returned,   ///< `text` is its result
    threw,      ///< `text` is what it threw (carried_error.hpp)
    not_begun,  ///< the worker ended before; `text` says how
    died,       ///< the worker ended in the middle; `text` says how
    too_long,   ///< the time limit has passed, and the worker was ended
};

struct CallResult {
    CallEnd end;
    std::string text;
};

/// Used by one thread, but for end(). The process is started by start(), and again once it has ended.
class WorkerProcess {
public:
    explicit WorkerProcess(std::string name) : name_(std::move(name)) {}
    ~WorkerProcess() { retire(); }
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    /// Whether it can be given a call.
    bool is_alive() const { return connection_ && process_ && process_->is_alive(); }

    /// Throws OSError if the system has no process to give, BrokenProcessPool after end().
    void start();

    /// Calls that this process has been given.
    std::uint64_t calls() const noexcept { return calls_; }

    /// Gives it a call and waits for the answer. If there is none, the process has ended when this returns.
    CallResult make(const detail::PackedCall& call, Timeout limit);

    /// Lets the process end, and waits for that.
    void retire() noexcept;

    /// By any thread: ends the process; no other one is started later.
    void end(bool by_force);

private:
    CallResult bury();

    const std::string name_;
    Lock lock_;  ///< taken to replace the process, and to end it from outside
    bool is_ended_ = false;
    std::optional<Process> process_;
    std::optional<Connection> connection_;
    std::optional<Shared<WorkerBoard>> board_;
    std::uint64_t calls_ = 0;
};

}  // namespace threadwise::multiprocessing
