// Queues between processes: jobs for whichever worker is free, and answers back. A worker that is killed takes with it
// what it had got, and nothing else.

#include <threadwise/multiprocessing/joinable_queue.hpp>
#include <threadwise/multiprocessing/process.hpp>
#include <threadwise/multiprocessing/queue.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace multiprocessing = threadwise::multiprocessing;
using namespace std::chrono_literals;

/// Runs in a process of its own, until it gets a negative job.
void square(multiprocessing::JoinableQueue<int> jobs, multiprocessing::Queue<std::string> answers) {
    for (int job = jobs.get(); job >= 0; job = jobs.get()) {
        answers.put(std::to_string(job) + " squared is " + std::to_string(job * job));
        jobs.task_done();
    }
    jobs.task_done();
}

int main() {
    multiprocessing::freeze_support();

    multiprocessing::JoinableQueue<int> jobs(100);
    multiprocessing::Queue<std::string> answers;
    multiprocessing::Process worker(square, jobs, answers);
    worker.start();
    for (int job = 1; job <= 3; ++job) jobs.put(job);
    jobs.join();
    while (const auto answer = answers.try_get()) std::cout << *answer << '\n';

    // It waits for a job as it is killed. The next worker goes on with the same queues.
    worker.kill();
    worker.join();
    multiprocessing::Process next(square, jobs, answers);
    next.start();
    jobs.put(4);
    jobs.put(-1);
    std::cout << answers.get(1min) << '\n';
    next.join();
    std::cout << (jobs.join(1s) ? "all is done" : "something is left") << '\n';
}
