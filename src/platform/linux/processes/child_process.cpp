#include "platform/processes/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <new>
#include <vector>

namespace threadwise::platform {
namespace {

/// What posix_spawn() does in the child before it becomes the program.
class SpawnSettings {
public:
    SpawnSettings() noexcept
        : error_(posix_spawn_file_actions_init(&actions_)), attributes_error_(posix_spawnattr_init(&attributes_)) {
        if (attributes_error_ != 0) return;
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
    }
    ~SpawnSettings() {
        if (error_ == 0) posix_spawn_file_actions_destroy(&actions_);
        if (attributes_error_ == 0) posix_spawnattr_destroy(&attributes_);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    /// To the same number: that only makes it survive exec().
    void pass(int descriptor) noexcept {
        if (error() == 0) list_error_ = posix_spawn_file_actions_adddup2(&actions_, descriptor, descriptor);
    }

    int error() const noexcept {
        if (error_ != 0) return error_;
        return attributes_error_ != 0 ? attributes_error_ : list_error_;
    }
    const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
    const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
    int error_;
    int attributes_error_;
    int list_error_ = 0;
};

/// The environment of this process and one variable more.
std::vector<char*> environment_with(const char* variable) {
    std::vector<char*> all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) all.push_back(*entry);
    if (variable != nullptr) all.push_back(const_cast<char*>(variable));
    all.push_back(nullptr);
    return all;
}

void wait_for_end(pid_t number) noexcept {
    while (waitpid(number, nullptr, 0) < 0 && errno == EINTR) {}
}

bool has_ended(int descriptor) noexcept {
    pollfd polled{.fd = descriptor, .events = POLLIN, .revents = 0};
    return poll(&polled, 1, 0) > 0;
}

/// The child's; for one that has ended and that somebody else has collected before we could ask, one that is as ready.
/// -1 with errno: there is none.
int descriptor_of_child(pid_t number) noexcept {
    const int descriptor = open_process(number);
    return descriptor < 0 && errno == ESRCH ? eventfd(1, EFD_CLOEXEC) : descriptor;
}

}  // namespace

StartedChild start_child(const ChildProgram& program) noexcept try {
    SpawnSettings settings;
    for (const int descriptor : program.descriptors) settings.pass(descriptor);
    if (settings.error() != 0) return {.error = settings.error()};
    const std::vector<char*> environment = environment_with(program.variable);
    pid_t number = 0;
    const int error = program.file == nullptr
                          ? posix_spawn(&number, "/proc/self/exe", settings.actions(), settings.attributes(),
                                        program.arguments, environment.data())
                          : posix_spawnp(&number, program.file, settings.actions(), settings.attributes(),
                                         program.arguments, environment.data());
    if (error != 0) return {.error = error};
    const int descriptor = descriptor_of_child(number);
    if (descriptor >= 0) return {.number = number, .descriptor = descriptor};
    const int why = errno;
    kill(number, SIGKILL);
    wait_for_end(number);
    return {.error = why};
} catch (const std::bad_alloc&) {
    return {.error = ENOMEM};
}

std::optional<int> collect_child(int descriptor) noexcept {
    siginfo_t info{};
    int result = 0;
    do {
        result = waitid(P_PIDFD, static_cast<id_t>(descriptor), &info, WEXITED | WNOHANG);
    } while (result != 0 && errno == EINTR);
    if (result != 0) return has_ended(descriptor) ? std::optional(unknown_exit) : std::nullopt;
    if (info.si_pid == 0) return std::nullopt;
    return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

void end_process(int descriptor, bool by_force) noexcept {
    syscall(SYS_pidfd_send_signal, descriptor, by_force ? SIGKILL : SIGTERM, nullptr, 0);
}

int open_process(int number) noexcept { return static_cast<int>(syscall(SYS_pidfd_open, number, 0)); }

int parent_process() noexcept { return getppid(); }

void kill_this_process() noexcept {
    kill(getpid(), SIGKILL);
    std::abort();
}

int make_anonymous_file(std::span<const std::byte> bytes) noexcept {
    const int descriptor = memfd_create("threadwise-call", MFD_CLOEXEC);
    if (descriptor < 0) return -errno;
    while (!bytes.empty()) {
        const ssize_t written = write(descriptor, bytes.data(), bytes.size());
        if (written > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            const int error = errno;
            close(descriptor);
            return -error;
        }
    }
    return descriptor;
}

int duplicate_descriptor(int descriptor) noexcept {
    const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return copy >= 0 ? copy : -errno;
}

void close_on_exec(int descriptor) noexcept { fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

void close_descriptor(int descriptor) noexcept { close(descriptor); }

int take_environment_number(const char* name) noexcept {
    // NOLINTBEGIN(concurrency-mt-unsafe): at the beginning of main(), before threads are started
    const char* const text = secure_getenv(name);
    if (text == nullptr) return -1;
    char* end = nullptr;
    const long number = std::strtol(text, &end, 10);
    const bool is_number = end != text && *end == '\0' && number >= 0 && number <= INT_MAX;
    unsetenv(name);
    // NOLINTEND(concurrency-mt-unsafe)
    return is_number ? static_cast<int>(number) : -1;
}

const char* program_name() noexcept { return program_invocation_name; }

}  // namespace threadwise::platform
