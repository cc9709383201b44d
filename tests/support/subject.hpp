#pragma once
// A process to be looked at: tests/inspect/seen_program.cpp, which lies beside the test.

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace threadwise::testing {

/// The program at work, from when it says that it is ready until the end of the test, or of end().
class Subject {
public:
    /// `before_exec` runs in the new process before it becomes the program: system calls only.
    explicit Subject(const std::vector<std::string>& words, const std::function<void()>& before_exec = {}) {
        std::array<int, 2> input{};
        std::array<int, 2> output{};
        if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error("pipe2");
        }
        const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "seen_program";
        std::vector<char*> arguments{const_cast<char*>(program.c_str())};
        for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is aborted leaves nothing behind
            ::dup2(input[0], STDIN_FILENO);
            ::dup2(output[1], STDOUT_FILENO);
            if (before_exec) before_exec();
            ::execv(program.c_str(), arguments.data());
            ::_exit(127);
        }
        ::close(input[0]);
        ::close(output[1]);
        input_ = input[1];
        output_ = output[0];
        said_ = read_line();
    }
    ~Subject() {
        end();
        ::close(input_);
        ::close(output_);
    }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    int pid() const { return pid_; }

    /// The line that it said when it was ready; empty if it has failed.
    const std::string& said() const { return said_; }

    /// Lets it go on, where it waits for that; what it says then.
    std::string go_on() {
        static_cast<void>(::write(input_, "\n", 1));
        return read_line();
    }

    /// Stops it as Ctrl-Z does; returns once it is stopped.
    void stop() const {
        ::kill(pid_, SIGSTOP);
        ::waitpid(pid_, nullptr, WUNTRACED);
    }

    /// Ends it, but it is a zombie until end().
    void kill() const {
        ::kill(pid_, SIGKILL);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }

    void end() {
        if (has_ended_) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        has_ended_ = true;
    }

private:
    std::string read_line() const {
        std::string line;
        for (char c = 0; ::read(output_, &c, 1) == 1 && c != '\n';) line += c;
        return line;
    }

    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    bool has_ended_ = false;
    std::string said_;
};

}  // namespace threadwise::testing
