// Serves the threads of one process only, as the standard library cannot wait for another. A thread sleeps on the
// shared word alone, and looks at its own word every 10 ms.

#include "platform/processes/shared_futex.hpp"

#include <algorithm>
#include <chrono>

namespace threadwise::platform {

FutexResult shared_futex_wait(AwaitedWord shared, AwaitedWord own, Instant deadline) noexcept {
    constexpr std::chrono::milliseconds between_looks{10};
    if (own.word.load() != own.expected) return FutexResult::woken;
    const Instant next_look = std::min(deadline, now() + between_looks);
    const FutexResult result = futex_wait(shared.word, shared.expected, next_look);
    return result == FutexResult::timed_out && next_look != deadline ? FutexResult::woken : result;
}

int shared_futex_wake(const std::atomic<std::uint32_t>* word, int count) noexcept {
    futex_wake(word, count);
    return count;
}

}  // namespace threadwise::platform
