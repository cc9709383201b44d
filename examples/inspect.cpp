// What the threads of this process are doing, as values. `threadwise dump PID` shows the same of another process.

#include <iostream>
#include <thread>

#include "threadwise/inspect.hpp"
#include "threadwise/threading.hpp"

using namespace threadwise;

int main() {
    Event done;
    Thread worker({.name = "worker"}, [&] { done.wait(); });
    worker.start();
    while (inspect::snapshot().threads.back().state != inspect::State::waits) std::this_thread::yield();

    const inspect::Snapshot now = inspect::snapshot();
    for (const inspect::ThreadInfo& thread : now.threads) {
        const bool waits = thread.state == inspect::State::waits;
        std::cout << thread.name << (waits ? " waits for " + thread.wait.kind : " runs") << "\n";
    }
    std::cout << inspect::wait_cycles(now).size() << " cycles\n";
    done.set();
}
