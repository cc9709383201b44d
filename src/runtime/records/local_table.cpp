#include "runtime/records/local_table.hpp"

#include <utility>

#include "runtime/base/fork.hpp"

namespace threadwise::runtime {
namespace {

constinit platform::InternalLock tables_lock;

[[maybe_unused]] const bool held_over_fork = (hold_over_fork(tables_lock), true);

}  // namespace

platform::InternalLock& local_tables_lock() noexcept { return tables_lock; }

LocalValue take(LocalEntries& values, LocalKey key) noexcept {
    if (key.slot >= values.size() || values[key.slot].number != key.number) return {};
    return std::exchange(values[key.slot], {});
}

void destroy(const LocalValue& value) noexcept {
    if (value.number != 0) value.destroy(value.value);
}

void erase_all(LocalEntries& values) noexcept {
    constexpr int rounds = 4;  // PTHREAD_DESTRUCTOR_ITERATIONS
    for (int round = 0; round < rounds; ++round) {
        LocalEntries taken;
        {
            const platform::InternalHold hold(tables_lock);
            taken.swap(values);
        }
        if (taken.empty()) return;
        for (const LocalValue& value : taken) destroy(value);
    }
}

}  // namespace threadwise::runtime
