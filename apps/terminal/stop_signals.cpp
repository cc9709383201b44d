#include "terminal/stop_signals.hpp"

#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigwait is POSIX's, not the C++ library's

#include "threadwise/thread.hpp"

namespace command {

namespace {

// A signal that was ignored before, as by nohup, stays ignored.
bool is_ignored(int signal) {
    struct sigaction action {};
    return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

StopSignals::StopSignals() {
    sigset_t signals{};
    sigemptyset(&signals);
    for (const int signal : {SIGHUP, SIGINT, SIGTERM}) {
        if (!is_ignored(signal)) sigaddset(&signals, signal);
    }
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    // A daemon: it must not keep the program from ending.
    threadwise::Thread waiter({.name = "signals", .daemon = true}, [state = state_, signals] {
        int signal = 0;
        sigwait(&signals, &signal);
        state->signal = signal;
        state->source.request_stop();

        // A second request means that the user does not want to wait.
        sigwait(&signals, &signal);
        pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
        raise(signal);
    });
    waiter.start();
}

}  // namespace command
