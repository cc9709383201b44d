#include "threading/owner_word.hpp"

#include <utility>

namespace threadwise::threading {

runtime::Wakeup acquire_owner_word(std::atomic<std::uint32_t>& word, runtime::WaitSite site, std::stop_token stop) {
    const OwnerWord policy{word, runtime::this_record().ident};
    if (try_take(policy)) return runtime::Wakeup::woken;
    if (site.deadline <= platform::now()) return runtime::Wakeup::timed_out;
    site.owner_word = &word;
    runtime::Waiting waiting(site, std::move(stop));
    return acquire_contended(policy, waiting);
}

bool release_owner_word(std::atomic<std::uint32_t>& word) {
    const OwnerWord policy{word};
    // relaxed: the exchange below decides.
    std::uint32_t old = word.load(std::memory_order_relaxed);
    while (!policy.available(old) && ((old & OwnerWord::parked) == 0 || (old & OwnerWord::woken) != 0)) {
        // Nobody to wake. release: publishes the critical section to the next holder.
        if (word.compare_exchange_weak(old, old & ~runtime::owner_mask, std::memory_order_release,
                                       std::memory_order_relaxed)) {
            return true;
        }
    }
    if (policy.available(old)) return false;

    bool was_held = false;
    runtime::unpark_one(&word, [&](runtime::Sleeper sleeper) -> std::optional<std::uint32_t> {
        std::uint32_t held = word.load(std::memory_order_relaxed);
        for (;;) {
            was_held = !policy.available(held);
            if (!was_held) return std::nullopt;  // somebody else has released it meanwhile
            std::uint32_t next = held & ~runtime::owner_mask;
            const std::optional<std::uint32_t> token = choose(policy, sleeper, next);
            // release: as above; a sleeper that is handed the word synchronises by its parker besides.
            if (word.compare_exchange_weak(held, next, std::memory_order_release, std::memory_order_relaxed)) {
                return token;
            }
        }
    });
    return was_held;
}

}  // namespace threadwise::threading
