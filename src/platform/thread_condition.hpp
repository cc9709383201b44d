#pragma once
// Whether an OS thread that has run one Thread may run another, as if it had just been made.

#include <array>
#include <cstdint>

namespace threadwise::platform {

/// What a new thread has from the one that starts it: signal mask, processor affinity, scheduling policy, priority and
/// niceness, rounding and other control of floating point.
struct Inheritance {
    std::array<std::uint64_t, 24> parts{};
    bool operator==(const Inheritance&) const = default;
};

Inheritance inheritance_of_this_thread() noexcept;

/// Whether nothing of what the calling thread did can be seen by what runs on it next: its thread_local objects are all
/// as at first, no thread-specific values are set, and it has no alternate signal stack, locale, pending signals or
/// robust mutexes of its own. Tidies up what a new thread has a fixed value of: errno, raised floating point flags.
///
/// Costs a microsecond or two. False where it cannot be known: with the portable backend, in programs linked statically
/// with libc, and under the sanitizers, which keep thread_local objects of their own.
bool is_as_new() noexcept;

}  // namespace threadwise::platform
