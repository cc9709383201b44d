#include "multiprocessing/pool/worker_process.hpp"

#include <chrono>
#include <span>
#include <utility>

#include "threadwise/errors.hpp"
#include "threadwise/hold.hpp"
#include "threadwise/process_pool_options.hpp"

namespace threadwise::multiprocessing {
namespace {

/// How long a worker that has closed its end may take to end, too, before it is killed.
constexpr std::chrono::milliseconds patience_with_the_dying{500};

detail::PackedCall call_of_worker(const Connection& connection, const Shared<WorkerBoard>& board) {
    detail::PackedCall call;
    call.run = detail::code_address(reinterpret_cast<const void*>(&run_worker));
    const WorkerDescriptors descriptors{.connection = call.descriptors.add_duplicate(connection.fileno()),
                                        .board = call.descriptors.add_duplicate(board.fileno())};
    call.bytes.assign(reinterpret_cast<const char*>(&descriptors), sizeof(descriptors));
    return call;
}

std::string how_it_ended(int exitcode) {
    if (exitcode < 0) return "was killed by signal " + std::to_string(-exitcode);
    return "ended with exit code " + std::to_string(exitcode);
}

/// This thread is the pool's: an interrupt is not for it.
bool join(const Process& process, Timeout timeout = forever) {
    for (;;) {
        try {
            return process.join(timeout);
        } catch (const InterruptedError&) {  // NOLINT(bugprone-empty-catch): see above
        }
    }
}

}  // namespace

void WorkerProcess::start() {
    retire();
    auto [ours, theirs] = Pipe();
    Shared<WorkerBoard> board;
    Process process({.name = name_, .daemon = true}, call_of_worker(theirs, board));
    const auto held = hold(lock_);
    if (is_ended_) throw BrokenProcessPool("the worker processes of this pool were ended before it came to this call");
    process.start();
    ours.watch(process.sentinel());
    process_.emplace(std::move(process));
    connection_.emplace(std::move(ours));
    board_.emplace(std::move(board));
    calls_ = 0;
}

CallResult WorkerProcess::make(const detail::PackedCall& call, Timeout limit) {
    ++calls_;
    std::string message(reinterpret_cast<const char*>(&call.run), sizeof(call.run));
    message += call.bytes;
    std::string answer;
    try {
        connection_->send_bytes(std::as_bytes(std::span(message)));
        if (!connection_->recv_bytes_within(answer, limit)) {
            process_->kill();
            bury();
            return {.end = CallEnd::too_long, .text = {}};
        }
    } catch (const BrokenPipeError&) {
        return bury();
    } catch (const EOFError&) {
        return bury();
    } catch (...) {
        // An answer that comes later would be taken for the next call's.
        process_->kill();
        bury();
        throw;
    }
    const CallEnd end = answer.at(0) == static_cast<char>(Answer::returned) ? CallEnd::returned : CallEnd::threw;
    return {.end = end, .text = answer.substr(1)};
}

/// Waits for the end of a process that answers no more. One that has only closed its end is killed.
CallResult WorkerProcess::bury() {
    connection_.reset();
    if (!join(*process_, patience_with_the_dying)) {
        process_->kill();
        join(*process_);
    }
    const bool has_begun = (*board_)->begun.load() >= calls_;
    return {.end = has_begun ? CallEnd::died : CallEnd::not_begun, .text = how_it_ended(*process_->exitcode())};
}

void WorkerProcess::retire() noexcept {
    connection_.reset();
    if (process_) join(*process_);
    const auto held = hold(lock_);
    process_.reset();
    board_.reset();
}

void WorkerProcess::end(bool by_force) {
    const auto held = hold(lock_);
    is_ended_ = true;
    if (!process_) return;
    if (by_force) {
        process_->kill();
    } else {
        process_->terminate();
    }
}

}  // namespace threadwise::multiprocessing
