#include "runtime/bias_slots.hpp"

#include <mutex>
#include <utility>

#include "platform/internal_lock.hpp"
#include "runtime/fork.hpp"

namespace threadwise {

constinit thread_local detail::BiasSlot* detail::this_bias_slot = nullptr;

namespace runtime {
namespace {

/// Those of no thread. Never destroyed: threads come and go while static objects are being destroyed. In a forked child
/// the slots of the other threads remain theirs: one of them may have been inside a lock.
struct FreeSlots {
    platform::InternalLock lock;
    detail::BiasSlot* first = nullptr;

    FreeSlots() { hold_over_fork(lock); }

    detail::BiasSlot* take() noexcept {
        const std::lock_guard hold(lock);
        return first == nullptr ? nullptr : std::exchange(first, first->next);
    }

    void give(detail::BiasSlot& slot) noexcept {
        const std::lock_guard hold(lock);
        slot.next = std::exchange(first, &slot);
    }
};

FreeSlots& free_slots() {
    static auto& slots = *new FreeSlots;
    return slots;
}

detail::BiasSlot& take_or_make() {
    detail::BiasSlot* const slot = free_slots().take();
    return slot != nullptr ? *slot : *new detail::BiasSlot;
}

}  // namespace

OwnBiasSlot::OwnBiasSlot() : slot_(take_or_make()) {}
OwnBiasSlot::~OwnBiasSlot() { free_slots().give(slot_); }

}  // namespace runtime
}  // namespace threadwise
