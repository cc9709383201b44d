// exit_without_threads_program STATUS: uses a lock alone, no Thread and no pool, and calls exit() again while static
// objects are destroyed. It ends with the first status. Run by exit_calls_test.cpp.

#include <cstdlib>

#include "threadwise/lock.hpp"

namespace {

threadwise::Lock lock;

struct ExitsInDestructor {
    bool armed = false;
    ExitsInDestructor() = default;
    ExitsInDestructor(const ExitsInDestructor&) = delete;
    ExitsInDestructor& operator=(const ExitsInDestructor&) = delete;
    ~ExitsInDestructor() {
        if (armed) std::exit(96);
    }
};
ExitsInDestructor exits_in_destructor;

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 98;
    lock.lock();
    lock.unlock();
    exits_in_destructor.armed = true;
    return std::atoi(argv[1]);
}
