#include "runtime/fork.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>

#include "platform/fork.hpp"
#include "runtime/parking_table.hpp"
#include "runtime/recycler.hpp"
#include "runtime/registry.hpp"
#include "runtime/shutdown.hpp"

namespace threadwise::runtime {
namespace {

constinit std::array<std::atomic<platform::InternalLock*>, 16> locks{};
constinit std::atomic<std::size_t> lock_count{0};
/// How many the forking thread holds; its alone, as the registry's lock is the first.
constinit std::size_t held = 0;

void before() {
    this_record();  // so that the child has a main thread
    for (held = 0; held < lock_count && locks.at(held) != nullptr; ++held) locks.at(held).load()->lock();
}

void release_locks() noexcept {
    while (held > 0) locks.at(--held).load()->unlock();
}

void in_child() {
    forget_all_sleepers();
    registry::forget_other_threads();
    forget_idle_threads();
    forget_shutdown();
    release_locks();
}

[[maybe_unused]] const bool armed = (platform::around_fork(before, release_locks, in_child), true);

}  // namespace

void hold_over_fork(platform::InternalLock& lock) {
    const std::size_t place = lock_count.fetch_add(1);
    if (place >= locks.size()) std::abort();  // one lock a room: make the array larger
    locks.at(place) = &lock;
}

}  // namespace threadwise::runtime
