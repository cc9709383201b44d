// Refused by the compiler: what each thread has must be an object of its own
#include "threadwise/local.hpp"

threadwise::Local<int&> number([]() -> int& {
    static int one = 1;
    return one;
});
