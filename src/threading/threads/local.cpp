#include "threadwise/local.hpp"

#include "runtime/lifetime/local_values.hpp"

namespace threadwise::detail {

LocalSlot::LocalSlot() {
    const runtime::LocalKey key = runtime::make_local_key();
    slot_ = key.slot;
    number_ = key.number;
}

LocalSlot::~LocalSlot() { runtime::release_local_key({slot_, number_}); }

void* LocalSlot::find() const noexcept { return runtime::find_local_value({slot_, number_}); }

void LocalSlot::add(void* value, void (*destroy)(void*)) { runtime::add_local_value({slot_, number_}, value, destroy); }

void LocalSlot::erase() noexcept { runtime::erase_local_value({slot_, number_}); }

}  // namespace threadwise::detail
