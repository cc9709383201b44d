// Refused by the compiler: the arguments do not fit the function
#include "threadwise/thread.hpp"

void fetch(const char* url, int tries);

void start() { threadwise::Thread({.name = "fetch"}, fetch, "http://localhost/").start(); }
