// The last waits of every thread are recorded all the time. Here a program takes its own recording, after the fact;
// `threadwise record PID -o trace.pftrace` takes that of any program, for https://ui.perfetto.dev.

#include <threadwise/threading.hpp>
#include <threadwise/trace.hpp>

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

int main() {
    threadwise::Event bell;
    threadwise::Thread cook({.name = "cook"}, [&] {
        threadwise::sleep_for(1ms);
        bell.wait(20ms);  // which nobody rings
    });
    cook.start();
    cook.join();

    for (const threadwise::trace::Thread& thread : threadwise::trace::take().threads) {
        if (thread.name != "cook") continue;
        for (const threadwise::trace::Wait& wait : thread.waits) {
            std::cout << wait.kind << ": " << to_string(wait.outcome) << '\n';
        }
        std::cout << thread.name << (thread.ended ? " has ended\n" : " still runs\n");
    }
    threadwise::trace::write("/dev/null");  // or a file: lines of JSON
}
