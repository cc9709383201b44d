#pragma once
// OwnerDiedError: how the next one learns that a lock's holder has died.
//
//     try {
//         lock.acquire();
//     } catch (const multiprocessing::OwnerDiedError&) {
//         if (lock.recover()) mend(board);  // true: it is for this process to mend what the lock guards
//     }
//     work_with(board);
//     lock.release();
//
// When a thread ends, or its process is killed, while it holds a lock across processes, the kernel frees the lock and
// marks it. From then on a thread that wants the lock gets OwnerDiedError at once, also one that waits for it already:
// none hangs, and none works with what may be half changed without knowing. recover() takes the lock and clears the
// mark; of several that call it, one is told that the mending is its. (This is EOWNERDEAD of pthread_mutex_lock, but
// the error does not leave the lock held: so std::scoped_lock may be used with it.)

#include "threadwise/errors.hpp"
#include "threadwise/export.hpp"

namespace threadwise::multiprocessing {

/// A thread or process died while it held the lock, and nobody has called recover() since. The lock is not held by the
/// caller; but if Condition::wait() throws it, it is, as after every wait().
class THREADWISE_API OwnerDiedError : public RuntimeError {
public:
    using RuntimeError::RuntimeError;
    ~OwnerDiedError() override;
};

}  // namespace threadwise::multiprocessing
