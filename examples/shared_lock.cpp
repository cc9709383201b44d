// Locks in memory that processes share. One that holds a lock may die: the next one is told, and mends what it guards.

#include <threadwise/multiprocessing/lock.hpp>
#include <threadwise/multiprocessing/shared.hpp>
#include <threadwise/multiprocessing/value.hpp>
#include <threadwise/threading.hpp>

#include <iostream>
#include <mutex>

namespace multiprocessing = threadwise::multiprocessing;

/// What lies in shared memory. Both counts are changed together.
struct Board {
    multiprocessing::Lock lock;
    int begun = 0;
    int done = 0;
};

int main() {
    multiprocessing::Shared<Board> board;

    // A thread that ends without releasing its lock does to it what a killed process does.
    threadwise::Thread worker([&] {
        board->lock.acquire();
        ++board->begun;
    });
    worker.start();
    worker.join();

    try {
        const std::scoped_lock hold(board->lock);
    } catch (const multiprocessing::OwnerDiedError&) {
        std::cout << "its holder died: begun " << board->begun << ", done " << board->done << '\n';
        if (board->lock.recover()) board->begun = board->done;
        board->lock.release();
    }
    const std::scoped_lock hold(board->lock);
    std::cout << "mended: begun " << board->begun << ", done " << board->done << '\n';

    const multiprocessing::Value<int> counter(40);
    {
        const std::scoped_lock together(counter);
        counter.get_obj() += 2;
    }
    std::cout << "the counter is " << counter.get() << '\n';
}
