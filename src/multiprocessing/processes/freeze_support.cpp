#include "threadwise/multiprocessing/freeze_support.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <string>

#include "multiprocessing/processes/may_start.hpp"
#include "multiprocessing/processes/start_file.hpp"
#include "platform/native_thread.hpp"
#include "platform/processes/child_process.hpp"
#include "runtime/base/exception_text.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/detail/runtime/failure.hpp"
#include "threadwise/thread.hpp"

namespace threadwise::multiprocessing {
namespace {

std::atomic<bool> was_called{false};

/// Ends this process when the parent has ended.
void end_with_parent(int parent) {
    const int descriptor = platform::open_process(parent);
    // Another parent: the first one has ended, and its number may be another process's.
    if (descriptor < 0 || platform::parent_process() != parent) platform::kill_this_process();
    runtime::Waiting waiting({.kind = runtime::WaitKind::process,
                              .object = nullptr,
                              .owner = static_cast<std::uint32_t>(parent),
                              .across_processes = 1,
                              .where = {}});
    while (platform::parent_process() == parent) {
        // No interrupt ends this wait.
        if (waiting.sleep_on({.descriptor = descriptor}) == runtime::Wakeup::interrupted) {
            runtime::take_interrupt(waiting.record());
        }
    }
    platform::kill_this_process();
}

void report_failure(const std::string& process, const std::exception_ptr& failure) {
    const std::string text =
        "Process " + process + " ends with an exception: " + runtime::exception_text(failure) + '\n';
    std::fputs(text.c_str(), stderr);
}

/// Makes the call; what the process is to end with.
int run(const ChildStart& start) {
    detail::Descriptors passed;
    for (const int descriptor : start.descriptors) {
        platform::close_on_exec(descriptor);
        passed.add(descriptor);
    }
    const auto call = [&] {
        const auto run = reinterpret_cast<detail::RunPacked>(const_cast<void*>(detail::find_code(start.run)));
        std::string dropped;
        run(std::as_bytes(std::span(start.bytes)), dropped);
    };
    const bool returned = threadwise::detail::call_user_code(
        call, [&](const std::exception_ptr& failure) { report_failure(start.name, failure); });
    return returned ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_child(int descriptor) {
    ChildStart start;
    const bool known = threadwise::detail::call_user_code(
        [&] { start = read_start_file(descriptor); },
        [](const std::exception_ptr& failure) { report_failure("of an unknown name", failure); });
    if (!known) return EXIT_FAILURE;
    platform::name_this_thread(start.name);
    if (start.parent != 0) {
        Thread watch({.name = "end with parent", .daemon = true}, end_with_parent, start.parent);
        watch.start();
    }
    return run(start);
}

}  // namespace

bool may_start_functions() noexcept { return was_called.load(); }

void freeze_support() {
    was_called.store(true);
    const int descriptor = platform::take_environment_number(start_variable);
    if (descriptor < 0) return;
    int code = EXIT_FAILURE;
    // pthread_exit() in the call, too, ends the process: else its other threads would keep it.
    const threadwise::detail::Finally leave([&code] { std::exit(code); });  // NOLINT(concurrency-mt-unsafe)
    code = run_child(descriptor);
}

}  // namespace threadwise::multiprocessing
