#pragma once

/// \file
/// Waiting for an OwnerWord: the slow path of Lock and RLock. See owner_gate.cpp for why no wake-up is lost.

#include <stop_token>

#include "runtime/lock_order/order_check.hpp"
#include "runtime/records/parking_table.hpp"
#include "runtime/waiting/door.hpp"
#include "threadwise/detail/synchronization/owner_word.hpp"

namespace threadwise::detail {

/// The gate (contended.hpp) of an owner word, for the thread whose ident is `taker`.
struct OwnerGate {
    OwnerWord& word;
    std::uint32_t taker;

    const void* key() const noexcept { return word.key(); }
    bool try_take(bool designated) const noexcept;
    runtime::CountedSleeper count_sleeper() const noexcept { return runtime::CountedSleeper(key()); }
    bool try_take_or_mark(bool designated) const noexcept;
    /// After a releaser has handed the word over.
    void accept() const noexcept;
    void pass_on() const noexcept {}  // a lock has one holder: there is no more to take

    /// Where locks are followed: the lock whose word that is, before it is taken.
    static runtime::FollowedLock follow(OwnerWord& word, const runtime::WaitSite& site) noexcept;
};

}  // namespace threadwise::detail

namespace threadwise::threading {

/// Takes the word if it is free, whatever bits it has and whether or not the thread has an ident yet.
bool try_take_owner_word(detail::OwnerWord& word, const runtime::WaitSite& site);

/// Takes the word, waiting for it if need be.
runtime::Wakeup acquire_owner_word(detail::OwnerWord& word, const runtime::WaitSite& site,
                                   const std::stop_token& stop = {});

}  // namespace threadwise::threading
