#include "runtime/records/local_values.hpp"

#include <mutex>
#include <utility>

#include "platform/internal_lock.hpp"
#include "runtime/base/fork.hpp"
#include "runtime/lifetime/shutdown.hpp"
#include "runtime/records/registry.hpp"

namespace threadwise::runtime {
namespace {

struct Locals {
    platform::InternalLock lock;
    std::vector<std::size_t> free_slots;
    std::size_t slots = 0;
    std::uint64_t last_number = 0;

    Locals() { hold_over_fork(lock); }
};

Locals& the_locals() {
    // Never destroyed: Locals may be static objects, destroyed in whatever order.
    static auto& locals = *new Locals;
    return locals;
}

[[maybe_unused]] const bool made_at_load = (the_locals(), true);

/// Under the lock.
LocalValue take(LocalValues& values, LocalKey key) noexcept {
    if (key.slot >= values.size() || values[key.slot].number != key.number) return {};
    return std::exchange(values[key.slot], {});
}

void destroy(const LocalValue& value) noexcept {
    if (value.number != 0) value.destroy(value.value);
}

}  // namespace

LocalKey make_local_key() {
    Locals& locals = the_locals();
    const std::lock_guard hold(locals.lock);
    if (locals.free_slots.empty()) {
        locals.free_slots.reserve(locals.slots + 1);  // so that release_local_key() need not allocate
        locals.free_slots.push_back(locals.slots++);
    }
    const std::size_t slot = locals.free_slots.back();
    locals.free_slots.pop_back();
    return {slot, ++locals.last_number};
}

void release_local_key(LocalKey key) noexcept {
    Locals& locals = the_locals();
    // One thread's value at a time: its destructor may use Locals itself, and may not run under a lock.
    for (bool found = true; found;) {
        LocalValue value;
        registry::for_each([&](ThreadRecord& record) {
            if (value.number != 0 || (is_closing() && &record != this_record_if_any())) return;
            const std::lock_guard hold(locals.lock);
            value = take(record.locals, key);
        });
        destroy(value);
        found = value.number != 0;
    }
    const std::lock_guard hold(locals.lock);
    locals.free_slots.push_back(key.slot);
}

void* find_local_value(LocalKey key) noexcept {
    const ThreadRecord* record = this_record_if_any();
    if (record == nullptr || key.slot >= record->locals.size()) return nullptr;
    const LocalValue& value = record->locals[key.slot];
    return value.number == key.number ? value.value : nullptr;
}

void add_local_value(LocalKey key, void* value, void (*destroy_value)(void*)) {
    LocalValues& values = this_record().locals;
    const std::lock_guard hold(the_locals().lock);
    if (key.slot >= values.size()) values.resize(key.slot + 1);
    values[key.slot] = {key.number, value, destroy_value};
}

void erase_local_value(LocalKey key) noexcept {
    ThreadRecord* const record = this_record_if_any();
    if (record == nullptr) return;
    LocalValue value;
    {
        const std::lock_guard hold(the_locals().lock);
        value = take(record->locals, key);
    }
    destroy(value);
}

void erase_local_values(ThreadRecord& record) noexcept {
    for (;;) {
        LocalValues values;
        {
            const std::lock_guard hold(the_locals().lock);
            values.swap(record.locals);
        }
        if (values.empty()) return;
        for (const LocalValue& value : values) destroy(value);
    }
}

}  // namespace threadwise::runtime
