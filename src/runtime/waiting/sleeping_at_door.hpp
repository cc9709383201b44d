#pragma once
// A sleep at the door, as the end of the process sees it.

#include "runtime/records/thread_record.hpp"

namespace threadwise::runtime {

/// Whether a sleep has an end that does not depend on this process's threads: a deadline, or another process.
enum class OwnEnd : bool { no, yes };

/// While it exists the thread counts as held: it will touch nothing before the next checkpoint. A sleep of the thread
/// that ends the process which nobody can end any more ends the process.
class SleepingAtDoor {
public:
    SleepingAtDoor(ThreadRecord& record, OwnEnd own_end) noexcept;
    ~SleepingAtDoor();
    SleepingAtDoor(const SleepingAtDoor&) = delete;
    SleepingAtDoor& operator=(const SleepingAtDoor&) = delete;

private:
    ThreadRecord& record_;
};

}  // namespace threadwise::runtime
