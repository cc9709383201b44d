#include "threads/summary.hpp"

#include <algorithm>
#include <chrono>

namespace command {

using threadwise::inspect::Snapshot;
using threadwise::inspect::State;
using threadwise::inspect::ThreadInfo;

double seconds_waited(const ThreadInfo& thread, const Snapshot& snapshot) {
    if (thread.state != State::waits) return 0;
    return std::max(0.0, std::chrono::duration<double>(snapshot.taken - thread.wait.since).count());
}

Summary summary_of(const Snapshot& snapshot) {
    Summary summary{.threads = snapshot.threads.size()};
    for (const ThreadInfo& thread : snapshot.threads) {
        if (thread.state != State::waits) continue;
        ++summary.waiting;
        summary.longest_wait = std::max(summary.longest_wait, seconds_waited(thread, snapshot));
    }
    summary.cycles = threadwise::inspect::wait_cycles(snapshot).size();
    return summary;
}

std::string printable(std::string text) {
    constexpr unsigned char first_printable = 0x20;
    constexpr unsigned char del = 0x7F;
    std::ranges::replace_if(
        text, [](unsigned char c) { return c < first_printable || c == del; }, '?');
    return text;
}

}  // namespace command
