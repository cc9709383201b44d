#pragma once
// The word of a lock: who holds it, and whether somebody waits. Lock and RLock are made of one each.

#include <atomic>
#include <cstdint>

#include "runtime/thread_record.hpp"
#include "runtime/wait_site.hpp"
#include "threading/contended.hpp"

namespace threadwise::threading {

/// The meaning of the word: the holder's ident in owner_mask (0: free), and contended.hpp's two bits.
struct OwnerWord {
    using Word = std::uint32_t;
    static constexpr Word parked = 1U << 30;
    static constexpr Word woken = 1U << 31;

    std::atomic<Word>& word;
    Word taker = 0;  ///< ident of the thread that wants it

    static Word owner(Word value) noexcept { return value & runtime::owner_mask; }
    bool available(Word value) const noexcept { return owner(value) == 0; }
    Word taken(Word value) const noexcept { return value | taker; }
    Word handed(Word value, const runtime::ThreadRecord& to) const noexcept { return value | to.ident; }
};

/// Takes the word, waiting for it if need be.
runtime::Wakeup acquire_owner_word(std::atomic<std::uint32_t>& word, runtime::WaitSite site, std::stop_token stop = {});

/// Frees the word, whoever holds it, and lets the next one in. False: nobody held it.
bool release_owner_word(std::atomic<std::uint32_t>& word);

}  // namespace threadwise::threading
