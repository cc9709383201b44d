#pragma once
// What a worker process of a ProcessPoolExecutor does, and what it and the pool send to each other.
//
// The pool sends the place of a function that makes the call (RunPacked), and the call's bytes. The worker writes down
// in shared memory that it begins, makes the call, and sends back one byte that says whether it returned, and its
// result or what it threw.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace threadwise::multiprocessing {

/// In memory that pool and worker share.
struct WorkerBoard {
    /// Calls that the worker has begun: how the pool knows whether one that got no answer has begun.
    std::atomic<std::uint64_t> begun{0};
};

/// The first byte of an answer.
enum class Answer : char { returned, threw };

/// Descriptors that a worker is given, as it is started.
struct WorkerDescriptors {
    int connection;
    int board;
};

/// Makes calls until the pool closes the connection. A RunPacked: `bytes` is a WorkerDescriptors.
void run_worker(std::span<const std::byte> bytes, std::string& result);

}  // namespace threadwise::multiprocessing
