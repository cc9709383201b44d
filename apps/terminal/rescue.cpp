#include "terminal/rescue.hpp"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace command {
namespace {

constexpr std::array fatal_signals{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};

// What the handler needs, written before it is installed.
termios modes{};
bool has_modes = false;
std::array<char, 256> ending_bytes{};
std::size_t ending_size = 0;
std::array<struct sigaction, fatal_signals.size()> previous{};

// The handler runs on a stack of its own: what it handles may be that the stack is full.
constexpr std::size_t stack_size = std::size_t{64} * 1024;
alignas(16) std::array<char, stack_size> handler_stack{};

void restore_actions() {
    for (std::size_t i = 0; i < fatal_signals.size(); ++i) sigaction(fatal_signals[i], &previous[i], nullptr);
}

// Calls nothing that is not safe in a signal handler. The signal is raised again, and does what it did before as soon
// as the handler returns.
extern "C" void put_terminal_back(int signal) {
    static_cast<void>(::write(STDOUT_FILENO, ending_bytes.data(), ending_size));
    if (has_modes) ::tcsetattr(STDOUT_FILENO, TCSANOW, &modes);
    restore_actions();
    raise(signal);
}

}  // namespace

void begin_rescue(std::string_view ending) {
    has_modes = ::tcgetattr(STDOUT_FILENO, &modes) == 0;
    ending_size = ending.copy(ending_bytes.data(), ending_bytes.size());
    const stack_t stack{.ss_sp = handler_stack.data(), .ss_flags = 0, .ss_size = handler_stack.size()};
    sigaltstack(&stack, nullptr);
    struct sigaction action {};
    action.sa_handler = put_terminal_back;
    action.sa_flags = SA_ONSTACK;
    for (std::size_t i = 0; i < fatal_signals.size(); ++i) {
        sigaction(fatal_signals[i], nullptr, &previous[i]);
        if (previous[i].sa_handler != SIG_IGN) sigaction(fatal_signals[i], &action, nullptr);
    }
}

void end_rescue() { restore_actions(); }

}  // namespace command
