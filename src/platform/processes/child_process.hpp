#pragma once
// Starting other programs, and this one again; and how they end.
//
// A process is known by a descriptor (pidfd), which stands for that process alone, also when its number is used again.
// It is ready to read once the process has ended.

#include <cstddef>
#include <optional>
#include <span>

namespace threadwise::platform {

/// What is started.
struct ChildProgram {
    /// Searched for as a shell does; null: the program that runs here, also if its file was replaced meanwhile.
    const char* file = nullptr;
    /// As exec() takes them: the last one is null.
    char* const* arguments = nullptr;
    /// "NAME=value", set in the child beside what is set here; null: nothing.
    const char* variable = nullptr;
    /// What the child gets under the same numbers, beside what is open in all programs.
    std::span<const int> descriptors{};
};

/// A child that was started, or the errno that came instead.
struct StartedChild {
    int number = 0;
    int descriptor = -1;
    int error = 0;
};

/// The child blocks no signals. Safe among threads.
StartedChild start_child(const ChildProgram& program) noexcept;

/// What exitcode() says of a child that somebody else has collected.
inline constexpr int unknown_exit = 255;

/// The exit status, or minus the signal, of a child that has ended, which is collected by that; nothing: it lives.
std::optional<int> collect_child(int descriptor) noexcept;

/// Sends SIGTERM, or SIGKILL. Nothing happens if it has ended.
void end_process(int descriptor, bool by_force) noexcept;

/// A descriptor of the process with that number; -1: there is none.
int open_process(int number) noexcept;

/// The number of the process that has started this one; another one once that has ended.
int parent_process() noexcept;

/// Ends this process at once, as if it had been killed.
[[noreturn]] void kill_this_process() noexcept;

/// A file without a name that holds these bytes; closed on exec. Negative: minus the errno.
int make_anonymous_file(std::span<const std::byte> bytes) noexcept;

/// Another descriptor of the same, closed on exec. Negative: minus the errno.
int duplicate_descriptor(int descriptor) noexcept;

/// No other program that this process starts gets it.
void close_on_exec(int descriptor) noexcept;

void close_descriptor(int descriptor) noexcept;

/// The value of a variable of the environment that holds a number, which is removed; negative: there is none.
int take_environment_number(const char* name) noexcept;

/// What this program was started as.
const char* program_name() noexcept;

}  // namespace threadwise::platform
