#pragma once
// The lock of one side of a queue: held for some nanoseconds, by all who put or by all who get.

#include "threadwise/detail/owner_word.hpp"
#include "threadwise/export.hpp"

namespace threadwise::detail {

/// A Lock whose wait nothing interrupts: what is done under it is short, unless an item's own functions are not. Meets
/// the standard's BasicLockable. 8 bytes; uncontended, lock is one compare-and-swap and unlock a plain store.
class QueueLock {
public:
    void lock() {
        if (!word_.try_take()) [[unlikely]]
            lock_slow();
    }

    void unlock() noexcept { word_.release(); }

private:
    THREADWISE_API void lock_slow();

    OwnerWord word_;
};

}  // namespace threadwise::detail
