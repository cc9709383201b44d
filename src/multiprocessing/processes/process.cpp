#include "threadwise/multiprocessing/process.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <span>

#include "multiprocessing/memory/os_error.hpp"
#include "multiprocessing/processes/may_start.hpp"
#include "multiprocessing/processes/start_file.hpp"
#include "platform/internal_lock.hpp"
#include "platform/processes/child_process.hpp"
#include "platform/processes/process.hpp"
#include "runtime/waiting/door.hpp"
#include "threading/synchronization/blocking_call.hpp"
#include "threadwise/errors.hpp"

namespace threadwise::multiprocessing {
namespace {

/// How long a daemon may take to end by itself when its Process goes.
constexpr std::chrono::milliseconds patience_with_daemons{250};

std::atomic<unsigned> last_number{0};

std::string name_or_number(std::string name) {
    return name.empty() ? "Process-" + std::to_string(++last_number) : std::move(name);
}

/// As exec() takes them.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

struct Process::State {
    State(ProcessOptions options, detail::PackedCall what)
        : name(name_or_number(std::move(options.name))), daemon(options.daemon), call(std::move(what)) {}
    State(ProcessOptions options, Command what)
        : name(name_or_number(std::move(options.name))), daemon(options.daemon), command(std::move(what)) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (descriptor >= 0) platform::close_descriptor(descriptor);
    }

    bool is_started() const noexcept { return number != 0; }
    bool is_closed() const noexcept { return is_started() && descriptor < 0; }
    /// Not a copy in a forked process.
    bool is_own() const noexcept { return parent == platform::this_process(); }

    platform::StartedChild start_command();
    platform::StartedChild start_call();
    std::optional<int> collect();
    bool join(const std::stop_token& stop, Timeout timeout, SourceLocation where);
    void finish() noexcept;

    const std::string name;
    const bool daemon;
    detail::PackedCall call;
    Command command;
    int number = 0;
    int descriptor = -1;
    std::uint64_t parent = 0;
    platform::InternalLock lock;  ///< the one that collects the child also notes its exit code
    std::optional<int> exitcode;
};

platform::StartedChild Process::State::start_command() {
    const std::vector<char*> arguments = pointers_to(command.arguments);
    return platform::start_child({.file = arguments.front(), .arguments = arguments.data()});
}

platform::StartedChild Process::State::start_call() {
    if (!may_start_functions()) {
        throw RuntimeError(
            "can't start a process of a function: main() has not called freeze_support(), so the process would run "
            "main() instead; call threadwise::multiprocessing::freeze_support() at the beginning of main()");
    }
    const int file = write_start_file({.name = name,
                                       .parent = daemon ? static_cast<int>(platform::this_process()) : 0,
                                       .run = call.run,
                                       .bytes = call.bytes,
                                       .descriptors = call.descriptors.numbers()});
    detail::Descriptors own;
    own.add(file);
    std::vector<int> passed = call.descriptors.numbers();
    passed.push_back(file);
    std::vector<std::string> arguments{platform::program_name()};
    const std::string variable = std::string(start_variable) + '=' + std::to_string(file);
    return platform::start_child(
        {.arguments = pointers_to(arguments).data(), .variable = variable.c_str(), .descriptors = passed});
}

/// The exit code, if the process has ended.
std::optional<int> Process::State::collect() {
    const platform::InternalHold hold(lock);
    if (!exitcode && descriptor >= 0) exitcode = platform::collect_child(descriptor);
    return exitcode;
}

bool Process::State::join(const std::stop_token& stop, Timeout timeout, SourceLocation where) {
    if (collect()) return true;
    const platform::Instant deadline = runtime::deadline_after(timeout);
    if (deadline <= platform::now()) return false;
    runtime::Waiting waiting({.kind = runtime::WaitKind::process,
                              .object = this,
                              .owner = static_cast<std::uint32_t>(number),
                              .across_processes = 1,
                              .where = where,
                              .deadline = deadline},
                             stop);
    for (;;) {
        const runtime::Wakeup wakeup = waiting.sleep_on({.descriptor = descriptor});
        if (collect()) return true;
        if (wakeup != runtime::Wakeup::woken) return threading::succeeded(wakeup, stop);
    }
}

/// Nothing is left of it afterwards. An interrupt does not end that: the process would stay.
void Process::State::finish() noexcept {
    if (!is_started() || is_closed() || !is_own()) return;
    Timeout timeout = forever;
    if (daemon) {
        platform::end_process(descriptor, false);
        timeout = patience_with_daemons;
    }
    for (;;) {
        try {
            if (join({}, timeout, SourceLocation())) return;
            platform::end_process(descriptor, true);
            timeout = forever;
        } catch (const InterruptedError&) {  // NOLINT(bugprone-empty-catch): see above
        }
    }
}

Process::Process(ProcessOptions options, detail::PackedCall call)
    : state_(std::make_unique<State>(std::move(options), std::move(call))) {}

Process::Process(ProcessOptions options, Command command)
    : state_(std::make_unique<State>(std::move(options), std::move(command))) {
    if (state_->command.arguments.empty() || state_->command.arguments.front().empty()) {
        throw ValueError("a command has a program: its first argument must not be missing or empty");
    }
}

Process::~Process() {
    if (state_ != nullptr) state_->finish();
}
Process::Process(Process&& other) noexcept = default;

Process& Process::operator=(Process&& other) noexcept {
    if (this != &other) {
        if (state_ != nullptr) state_->finish();
        state_ = std::move(other.state_);
    }
    return *this;
}

Process::State& Process::state() const {
    if (state_ == nullptr) throw RuntimeError("this Process was moved from: it stands for no process any more");
    return *state_;
}

Process::State& Process::started() const {
    State& state = this->state();
    if (!state.is_started()) throw RuntimeError("the process '" + state.name + "' is not started: call start() before");
    if (!state.is_own()) {
        throw RuntimeError("the process '" + state.name +
                           "' is not a child of this process, but of the one that this was forked from");
    }
    if (state.is_closed()) throw ValueError("the process '" + state.name + "' is closed");
    return state;
}

void Process::start() {
    State& state = this->state();
    if (state.is_started()) throw RuntimeError("cannot start a process twice: '" + state.name + "' was started before");
    const platform::StartedChild child = state.command.arguments.empty() ? state.start_call() : state.start_command();
    if (child.error != 0) throw_os_error(child.error, "can't start the process '" + state.name + '\'');
    state.call = {};  // the child has it now
    state.parent = platform::this_process();
    state.descriptor = child.descriptor;
    state.number = child.number;
}

bool Process::join(Timeout timeout, SourceLocation where) const { return join({}, timeout, where); }

bool Process::join(std::stop_token stop, Timeout timeout, SourceLocation where) const {
    return started().join(stop, timeout, where);
}

bool Process::is_alive() const { return state().is_started() && !started().collect(); }

std::optional<int> Process::exitcode() const {
    State& state = this->state();
    if (!state.is_started() || state.is_closed()) return state.exitcode;
    return started().collect();
}

void Process::terminate() const { platform::end_process(started().descriptor, false); }
void Process::kill() const { platform::end_process(started().descriptor, true); }

void Process::close() {
    State& state = this->state();
    if (!state.is_started()) {
        state.call = {};
        return;
    }
    if (state.is_closed()) return;
    if (!started().collect()) {
        throw ValueError("cannot close the process '" + state.name +
                         "' while it runs: call join() or terminate() before");
    }
    platform::close_descriptor(std::exchange(state.descriptor, -1));
}

const std::string& Process::name() const { return state().name; }
bool Process::daemon() const { return state().daemon; }

std::optional<int> Process::pid() const {
    const State& state = this->state();
    return state.is_started() ? std::optional(state.number) : std::nullopt;
}

int Process::sentinel() const { return started().descriptor; }

}  // namespace threadwise::multiprocessing
