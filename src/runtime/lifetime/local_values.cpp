#include "runtime/lifetime/local_values.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <span>
#include <utility>

#include "runtime/base/made_at_load.hpp"
#include "runtime/records/checkpoint.hpp"
#include "runtime/records/registry.hpp"

namespace threadwise::runtime {
namespace {

/// Guarded by the tables' lock.
struct Locals {
    std::vector<std::size_t> free_slots;
    std::atomic<std::size_t> slots{0};  ///< written under the lock
    std::uint64_t last_number = 0;
};

Locals& the_locals() { return MadeAtLoad<Locals>::get(); }

}  // namespace

// What is allocated and freed here is without the lock: the program's operator new may use Locals.

LocalKey make_local_key() {
    Locals& locals = the_locals();
    std::vector<std::size_t> larger;
    for (;; larger.reserve(2 * locals.slots.load() + 8)) {
        const platform::InternalHold hold(local_tables_lock());
        if (!locals.free_slots.empty()) {
            const std::size_t slot = locals.free_slots.back();
            locals.free_slots.pop_back();
            return {slot, ++locals.last_number};
        }
        // As much room as there are slots, so that release_local_key() need not allocate.
        if (locals.free_slots.capacity() == locals.slots) {
            if (larger.capacity() <= locals.slots) continue;
            locals.free_slots.swap(larger);
        }
        return {locals.slots++, ++locals.last_number};
    }
}

void release_local_key(LocalKey key) noexcept {
    Locals& locals = the_locals();
    // Some threads' values at a time: their destructors may use Locals themselves, and may not run under a lock.
    std::array<LocalValue, 256> taken;
    std::size_t count = 0;
    do {
        count = 0;
        registry::for_each([&](ThreadRecord& record) {
            if (count == taken.size() || (is_closing() && &record != this_record_if_any())) return;
            const platform::InternalHold hold(local_tables_lock());
            taken.at(count) = take(record.locals, key);
            if (taken.at(count).number != 0) ++count;
        });
        for (const LocalValue& value : std::span(taken).first(count)) destroy(value);
    } while (count != 0);
    const platform::InternalHold hold(local_tables_lock());
    locals.free_slots.push_back(key.slot);
}

void* find_local_value(LocalKey key) noexcept {
    const ThreadRecord* record = this_record_if_any();
    if (record == nullptr || key.slot >= record->locals.size()) return nullptr;
    const LocalValue& value = record->locals[key.slot];
    return value.number == key.number ? value.value : nullptr;
}

void add_local_value(LocalKey key, void* value, void (*destroy_value)(void*)) {
    LocalEntries& values = this_record().locals;
    LocalEntries larger;
    if (key.slot >= values.size()) larger.resize(std::max(key.slot + 1, 2 * values.size()));
    const platform::InternalHold hold(local_tables_lock());
    // Looked at again: operator new may have come here, too.
    if (key.slot >= values.size()) {
        std::ranges::copy(values, larger.begin());
        values.swap(larger);
    }
    values[key.slot] = {key.number, value, destroy_value};
}

void erase_local_value(LocalKey key) noexcept {
    ThreadRecord* const record = this_record_if_any();
    if (record == nullptr) return;
    LocalValue value;
    {
        const platform::InternalHold hold(local_tables_lock());
        value = take(record->locals, key);
    }
    destroy(value);
}

}  // namespace threadwise::runtime
