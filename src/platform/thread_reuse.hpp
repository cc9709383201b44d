#pragma once
// Whether an OS thread that has run one Thread may run another, as if it had just been made.

#include <array>
#include <cstddef>
#include <cstdint>

namespace threadwise::platform {

/// What a new thread has from the one that starts it: signal mask, processor affinity, scheduling policy, priority and
/// niceness, rounding and other control of floating point.
struct Inheritance {
    std::array<std::uint64_t, 24> parts{};
    bool known = true;  ///< false where the system does not say: then it is like no other

    bool operator==(const Inheritance& other) const noexcept { return known && other.known && parts == other.parts; }
};

Inheritance inheritance_of_this_thread() noexcept;

/// What every thread of the process comes to have by itself, before anything of the user's runs on it: the specific
/// values that an allocator other than libc's (jemalloc, tcmalloc, mimalloc, loaded as a library of its own) sets as a
/// thread first allocates.
struct Beginning {
    std::array<std::uint32_t, 8> keys{};
    std::size_t key_count = 0;
    bool known = true;  ///< false: there were more
};

/// To be asked as an OS thread begins. Costs nothing with libc's allocator.
Beginning beginning_of_this_thread() noexcept;

/// Whether nothing of what the calling thread did can be seen by what runs on it next: its thread_local objects are all
/// as at first, no thread-specific values are set, and it has no alternate signal stack, locale, pending signals or
/// robust mutexes of its own. Tidies up what a new thread has a fixed value of: errno, raised floating point flags.
///
/// The allocator's caches are its own affair. Costs a microsecond or two. False where it cannot be known: with the
/// portable backend, in programs linked statically with libc or with another allocator that has thread_local objects,
/// and under the sanitizers, which keep thread_local objects of their own.
bool is_as_new(const Beginning& beginning) noexcept;

}  // namespace threadwise::platform
