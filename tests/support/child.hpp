#pragma once
// Another process, forked, for tests of what processes share.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

namespace threadwise::testing {

/// Runs a function in a forked child. The destructor kills and collects it.
class Child {
public:
    static constexpr int threw = 99;

    /// The child ends with what the function returns, or with `threw`.
    explicit Child(const std::function<int()>& body) : pid_(fork()) {
        if (pid_ != 0) return;
        int code = threw;
        try {
            code = body();
        } catch (...) {  // NOLINT(bugprone-empty-catch): the code says it
        }
        _exit(code);
    }
    ~Child() {
        kill();
        join();
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    pid_t pid() const noexcept { return pid_; }

    void kill(int signal = SIGKILL) const noexcept {
        if (!joined_) ::kill(pid_, signal);
    }

    /// Waits for its end: what it returned, or minus the signal that killed it.
    int join() noexcept {
        if (joined_) return result_;
        int status = 0;
        waitpid(pid_, &status, 0);
        joined_ = true;
        return result_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

private:
    pid_t pid_;
    bool joined_ = false;
    int result_ = 0;
};

}  // namespace threadwise::testing
