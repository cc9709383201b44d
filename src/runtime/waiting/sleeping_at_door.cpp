#include "runtime/waiting/sleeping_at_door.hpp"

#include "platform/exit.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/records/registry.hpp"

namespace threadwise::runtime {

SleepingAtDoor::SleepingAtDoor(ThreadRecord& record, OwnEnd own_end) noexcept : record_(record) {
    record_.asleep_at_door.store(true);
    pass_checkpoint(record_);
    const bool for_good = is_closing() && process_end.closer.load() == &record && own_end == OwnEnd::no;
    const int status = process_end.status.load();
    if (for_good && status != platform::unknown_status && !registry::has_foreign()) platform::end_process(status);
}

SleepingAtDoor::~SleepingAtDoor() {
    record_.asleep_at_door.store(false);
    pass_checkpoint(record_);
}

}  // namespace threadwise::runtime
