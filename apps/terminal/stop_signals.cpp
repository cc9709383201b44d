#include "terminal/stop_signals.hpp"

#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigwait is POSIX's, not the C++ library's

#include "threadwise/thread.hpp"

namespace command {

StopSignals::StopSignals() {
    sigset_t signals{};
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    // A daemon: it must not keep the program from ending.
    threadwise::Thread waiter({.name = "signals", .daemon = true}, [state = state_, signals] {
        int signal = 0;
        sigwait(&signals, &signal);
        state->signal = signal;
        state->source.request_stop();

        // Whoever asks twice does not want to wait.
        sigwait(&signals, &signal);
        pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
        raise(signal);
    });
    waiter.start();
}

}  // namespace command
