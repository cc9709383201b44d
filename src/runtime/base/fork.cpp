#include "runtime/base/fork.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <span>

#include "platform/fork.hpp"
#include "runtime/base/bias_slots.hpp"
#include "runtime/lifetime/recycler.hpp"
#include "runtime/lifetime/shutdown.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/records/registry.hpp"

namespace threadwise::runtime {
namespace {

struct Entry {
    platform::InternalLock* lock;
    ForkOrder order;
};

// Written while the library is loaded, only read after.
constinit std::array<Entry, 128> entries{};
constinit std::size_t count = 0;

constinit std::array<void (*)() noexcept, 4> child_functions{};
constinit std::size_t child_function_count = 0;

constinit std::uint32_t depth = 0;  // written where there is one thread alone

std::span<Entry> locks() noexcept { return std::span(entries).first(count); }

void before() {
    this_record();  // so that the child has a main thread
    for (const Entry& entry : locks()) entry.lock->lock();
}

void release_locks() noexcept {
    std::for_each(locks().rbegin(), locks().rend(), [](const Entry& entry) { entry.lock->unlock(); });
}

void in_child() {
    ++depth;
    forget_all_sleepers();
    registry::forget_other_threads();
    forget_idle_threads();
    forget_shutdown();
    forget_who_is_inside();
    for (void (*const function)() noexcept : std::span(child_functions).first(child_function_count)) function();
    release_locks();
}

[[maybe_unused]] const bool armed = (platform::around_fork(before, release_locks, in_child), true);

}  // namespace

void hold_over_fork(platform::InternalLock& lock, ForkOrder order) {
    if (count == entries.size()) std::abort();  // make the array larger
    entries.at(count++) = {&lock, order};
    const auto place = std::upper_bound(locks().begin(), locks().end() - 1, order,
                                        [](ForkOrder wanted, const Entry& entry) { return wanted < entry.order; });
    std::rotate(place, locks().end() - 1, locks().end());
}

std::uint32_t fork_depth() noexcept { return depth; }

void at_fork_in_child(void (*function)() noexcept) {
    if (child_function_count == child_functions.size()) std::abort();  // make the array larger
    child_functions.at(child_function_count++) = function;
}

}  // namespace threadwise::runtime
