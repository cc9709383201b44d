#include "runtime/base/bias_slots.hpp"

#include <memory>
#include <utility>

#include "platform/internal_lock.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/base/made_at_load.hpp"
#include "runtime/base/system_memory.hpp"

namespace threadwise {

constinit thread_local detail::BiasSlot* detail::this_bias_slot = nullptr;

namespace runtime {
namespace {

/// All there are.
struct Slots {
    platform::InternalLock lock;
    detail::BiasSlot* free THREADWISE_GUARDED_BY(lock) = nullptr;  // those of no thread
    detail::BiasSlot* newest THREADWISE_GUARDED_BY(lock) = nullptr;

    Slots();

    detail::BiasSlot* take() noexcept {
        const platform::InternalHold hold(lock);
        return free == nullptr ? nullptr : std::exchange(free, free->next);
    }

    detail::BiasSlot& make() {
        auto& slot = *std::construct_at(SystemAllocator<detail::BiasSlot>().allocate(1));
        const platform::InternalHold hold(lock);
        slot.made_before = std::exchange(newest, &slot);
        return slot;
    }

    void give(detail::BiasSlot& slot) noexcept {
        const platform::InternalHold hold(lock);
        slot.next = std::exchange(free, &slot);
    }
};

Slots& the_slots() { return MadeAtLoad<Slots>::get(); }

/// In a forked child: no other thread is inside a lock any more.
void forget_other_users() noexcept THREADWISE_UNCHECKED {
    for (detail::BiasSlot* slot = the_slots().newest; slot != nullptr; slot = slot->made_before) {
        // relaxed: there is one thread alone.
        if (slot != detail::this_bias_slot) slot->inside.store(nullptr, std::memory_order_relaxed);
    }
}

Slots::Slots() {
    hold_over_fork(lock);
    at_fork_in_child(forget_other_users, ForkOrder::before_registry);
}

detail::BiasSlot& take_or_make() {
    detail::BiasSlot* const slot = the_slots().take();
    return slot != nullptr ? *slot : the_slots().make();
}

}  // namespace

OwnBiasSlot::OwnBiasSlot() : slot_(take_or_make()) {}
OwnBiasSlot::~OwnBiasSlot() { the_slots().give(slot_); }

}  // namespace runtime
}  // namespace threadwise
