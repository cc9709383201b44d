// Refused by the compiler: the arguments do not fit the function
#include "threadwise/timer.hpp"

void print(const char* text);

void start() { threadwise::Timer(std::chrono::seconds(1), print).start(); }
