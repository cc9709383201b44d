#pragma once
// A forked child that is killed after so many instructions: at each point of what it does, for certain.

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

namespace threadwise::testing {

/// Whether a child may be followed so. Sandboxes refuse it.
inline bool can_step_children() {
    const pid_t child = fork();
    if (child == 0) _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Runs `prepare` and then `body` in a forked child, the latter as far as it comes in `most` instructions, and kills
/// the child. Returns how many instructions were made.
template <class Prepare, class Body>
std::size_t run_steps(std::size_t most, Prepare prepare, Body body) {
    const pid_t child = fork();
    if (child == 0) {
        prepare();
        ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        raise(SIGSTOP);
        body();
        raise(SIGSTOP);  // the end of what is to be interrupted
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    std::size_t steps = 0;
    while (steps < most && WIFSTOPPED(status) && (steps == 0 || WSTOPSIG(status) == SIGTRAP)) {
        ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr);
        waitpid(child, &status, 0);
        ++steps;
    }
    kill(child, SIGKILL);
    if (WIFSTOPPED(status)) waitpid(child, &status, 0);
    return steps;
}

}  // namespace threadwise::testing
