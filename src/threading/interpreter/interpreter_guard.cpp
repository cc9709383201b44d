#include "threading/interpreter/interpreter_guard.hpp"

#include <array>
#include <atomic>

#include "runtime/base/fork.hpp"

namespace threadwise::detail {
namespace {

struct alignas(64) Stripe {
    platform::InternalLock lock;
};

// A program has one InterpreterLock, or a few.
constinit std::array<Stripe, 8> stripes;

// relaxed throughout: a child has no other thread yet when it counts, and those that it starts see it.
constinit std::atomic<std::uint32_t> forks{0};

[[maybe_unused]] const bool armed = [] {
    for (Stripe& stripe : stripes) runtime::hold_over_fork(stripe.lock);
    runtime::at_fork_in_child([]() noexcept { forks.fetch_add(1, std::memory_order_relaxed); },
                              runtime::ForkOrder::after_registry);
    return true;
}();

}  // namespace

platform::InternalLock& interpreter_guard(const void* words) noexcept {
    return stripes[(reinterpret_cast<std::uintptr_t>(words) / sizeof(Stripe)) % stripes.size()].lock;
}

std::uint32_t fork_count() noexcept { return forks.load(std::memory_order_relaxed); }

}  // namespace threadwise::detail
