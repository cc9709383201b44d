// Refused by the compiler: its items cannot be compared
#include "threadwise/priority_queue.hpp"

struct Job {
    int priority;
};

threadwise::PriorityQueue<Job> jobs;
