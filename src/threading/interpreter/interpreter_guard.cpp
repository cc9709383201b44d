#include "threading/interpreter/interpreter_guard.hpp"

#include <array>

#include "runtime/base/fork.hpp"

namespace threadwise::detail {
namespace {

struct alignas(64) Stripe {
    platform::InternalLock lock;
};

// Few, as a program has one InterpreterLock or a handful.
constinit std::array<Stripe, 8> stripes;

[[maybe_unused]] const bool armed = [] {
    for (Stripe& stripe : stripes) runtime::hold_over_fork(stripe.lock);
    return true;
}();

}  // namespace

platform::InternalLock& interpreter_guard(const void* words) noexcept {
    return stripes[(reinterpret_cast<std::uintptr_t>(words) / sizeof(Stripe)) % stripes.size()].lock;
}

}  // namespace threadwise::detail
