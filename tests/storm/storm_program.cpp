// storm_program SEED STATUS: ends with that status in the midst of a storm of daemons, in a way and at a moment that
// follow from the seed. Run by exit_test.cpp.

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "storm/choices.hpp"
#include "storm/storm.hpp"
#include "threadwise/thread.hpp"

int main(int, char** arguments) {
    using threadwise::storm::Storm;
    const auto seed = std::stoull(arguments[1]);
    const int status = std::stoi(arguments[2]);
    threadwise::storm::Choices choices(seed);

    static Storm& storm = *new Storm(seed);  // its threads use it to the end
    storm.start({.daemon = true});
    std::this_thread::sleep_for(choices.brief() * 200);
    if (choices.one_in(3)) return status;
    if (choices.one_in(2)) std::exit(status);
    threadwise::Thread exiting([status] { std::exit(status); });
    exiting.start();
    exiting.join();
    return 1;  // not reached: whoever joins a thread that calls exit() is held
}
