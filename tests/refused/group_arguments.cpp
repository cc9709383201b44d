// Refused by the compiler: the arguments do not fit the function
#include "threadwise/task_group.hpp"

void start(threadwise::TaskGroup& group) {
    group.run([](int) {});
}
