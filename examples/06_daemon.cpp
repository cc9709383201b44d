// A daemon thread works in the background for as long as the program runs, and ends with it.

#include <threadwise/threading.hpp>

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

// Static, so that the daemon may use it until the very end.
threadwise::Event first_round_done;

void watch() {
    while (true) {
        first_round_done.set();
        threadwise::sleep_for(1ms);
    }
}

int main() {
    threadwise::Thread watcher({.name = "watcher", .daemon = true}, watch);
    watcher.start();
    first_round_done.wait();
    std::cout << "The daemon works; the program ends without waiting for it.\n";
}
