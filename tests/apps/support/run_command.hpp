#pragma once
// The command as a user runs it: a process with its own output, signals and exit code.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace test {

struct CommandResult {
    int code = -1;  ///< what it ended with; 128 + the signal's number if one ended it
    std::string output;
    std::string errors;
};

/// A program under way, its standard input empty. Call finish() once.
class RunningCommand {
public:
    /// `before_exec` runs in the new process before it becomes the program: system calls only. It replaces standard
    /// error by `error_descriptor` unless that is -1.
    explicit RunningCommand(std::vector<std::string> arguments, const std::function<void()>& before_exec = {},
                            int error_descriptor = -1)
        : output_(make_pipe()), errors_(make_pipe()) {
        std::vector<char*> argv;
        for (auto& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);

        process_ = ::fork();
        if (process_ == -1) throw std::runtime_error("fork");
        if (process_ == 0) {
            ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
            ::dup2(output_[1], STDOUT_FILENO);
            ::dup2(error_descriptor == -1 ? errors_[1] : error_descriptor, STDERR_FILENO);
            if (before_exec) before_exec();
            ::execvp(argv.front(), argv.data());
            ::_exit(127);
        }
        ::close(output_[1]);
        ::close(errors_[1]);
    }

    void send(int signal) const { ::kill(process_, signal); }

    pid_t pid() const { return process_; }

    /// One line of its output, without the newline.
    std::string read_line() const {
        std::string line;
        for (char c = 0; ::read(output_[0], &c, 1) == 1 && c != '\n';) line += c;
        return line;
    }

    CommandResult finish() {
        CommandResult result;
        std::thread reader([&] { result.errors = read_all(errors_[0]); });
        result.output = read_all(output_[0]);
        reader.join();
        int status = 0;
        ::waitpid(process_, &status, 0);
        result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return result;
    }

private:
    static std::array<int, 2> make_pipe() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) == -1) throw std::runtime_error("pipe2");
        return ends;
    }

    static std::string read_all(int descriptor) {
        std::string text;
        std::array<char, 4096> buffer{};
        for (ssize_t count = 0; (count = ::read(descriptor, buffer.data(), buffer.size())) > 0;) {
            text.append(buffer.data(), static_cast<std::size_t>(count));
        }
        ::close(descriptor);
        return text;
    }

    std::array<int, 2> output_;
    std::array<int, 2> errors_;
    pid_t process_ = -1;
};

/// `threadwise` with these arguments. Proxies of the environment must not come between it and the loopback.
inline std::vector<std::string> threadwise_with(std::vector<std::string> arguments) {
    ::setenv("no_proxy", "*", 1);
    arguments.insert(arguments.begin(), THREADWISE_COMMAND);
    return arguments;
}

inline CommandResult run_threadwise(std::vector<std::string> arguments) {
    return RunningCommand(threadwise_with(std::move(arguments))).finish();
}

}  // namespace test
