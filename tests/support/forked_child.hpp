#pragma once
// Checks that run in a forked child, where GoogleTest cannot report.

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <initializer_list>

namespace threadwise::testing {

/// What in_child() returns if nothing failed.
inline constexpr int all_well = 42;

/// Runs `checks` in a forked child; each returns whether it went well. The number of the first that did not, from 1;
/// or `all_well`; or -1 if the child ended in another way than that.
inline int in_child(std::initializer_list<std::function<bool()>> checks) {
    const pid_t child = fork();
    if (child == 0) {
        int number = 1;
        for (const auto& check : checks) {
            if (!check()) _exit(number);
            ++number;
        }
        _exit(all_well);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace threadwise::testing
