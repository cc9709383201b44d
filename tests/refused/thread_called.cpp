// Refused by the compiler: what is to be called is no function, lambda or function object
#include "threadwise/thread.hpp"

int fetch(const char* url);

void start() { threadwise::Thread(fetch("http://localhost/")).start(); }
