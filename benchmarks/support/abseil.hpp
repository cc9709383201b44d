/// Abseil's mutex under the standard's names.
#pragma once

#include <absl/synchronization/mutex.h>

namespace bench {

class AbseilMutex {
public:
    void lock() { mutex_.Lock(); }
    void unlock() { mutex_.Unlock(); }
    void lock_shared() { mutex_.ReaderLock(); }
    void unlock_shared() { mutex_.ReaderUnlock(); }

private:
    absl::Mutex mutex_;
};

}  // namespace bench
