// A timer calls a function after a while, unless it is cancelled before.

#include <threadwise/threading.hpp>

#include <chrono>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

void announce(const std::string& what) { std::cout << what << '\n'; }

int main() {
    threadwise::Timer soon(50ms, announce, "50 ms have passed");
    threadwise::Timer tomorrow(24h, announce, "a day has passed");
    soon.start();
    tomorrow.start();

    tomorrow.cancel();
    tomorrow.join();
    std::cout << "tomorrow's call is taken back\n";
    soon.join();
}
