#pragma once
// The end of a process by a signal, without a core file.

#include <signal.h>
#include <sys/resource.h>

namespace threadwise::testing {

inline void end_by(int signal) {
    const rlimit none{};
    ::setrlimit(RLIMIT_CORE, &none);
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

}  // namespace threadwise::testing
