#pragma once
// Which workers of a pool have nothing to do, and which one is woken for new work.

#include <atomic>
#include <cstdint>

namespace threadwise::detail {

/// How many workers search for work, how many sleep, and how many slots are free, in one word. A slot is the right to
/// run; a pool has as many as `max_workers`.
///
/// | bits  | counts                           | one more                          | one fewer                         |
/// |-------|----------------------------------|-----------------------------------|-----------------------------------|
/// | 0-12  | searchers: awake, without a task | claim_sleeper(), claim(),         | end_search(), fall_asleep(),      |
/// |       |                                  | claim_another(), get_up(),        | leave()                           |
/// |       |                                  | begin_search()                    |                                   |
/// | 13-25 | sleepers: not claimed by a waker | fall_asleep()                     | claim_sleeper(), claim(),         |
/// |       |                                  |                                   | claim_another(), get_up()         |
/// | 26-38 | free slots: for workers to be    | free_slot(), leave(),             | claim(), take_slot_back()         |
/// |       | started or let in                | give_back_slot()                  |                                   |
/// | 39-51 | surplus: workers that run        | take_slot_back()                  | free_slot(), take_surplus()       |
/// |       | without a slot                   |                                   |                                   |
/// | 52-63 | helpers: wait for a task, and    | begin_help()                      | end_help()                        |
/// |       | take what that one forks         |                                   |                                   |
///
/// The invariant: if there is work that a worker could take, then a worker searches, or none sleeps (and none may be
/// started). So a new task wakes a worker only when none searches, and a pool whose workers are awake makes no
/// system call. It holds by three rules:
///
/// 1. A thread that makes work visible does that first and reads this word afterwards. If no worker searches and one
///    sleeps, it wakes one, which counts as searching from that moment on (claim()).
/// 2. A worker that searches and finds nothing first counts itself as sleeping, then looks once more before it sleeps.
/// 3. A worker that finds a task stops searching. If it was the last one, it looks whether there is more, and then does
///    as in rule 1: that task's submitter may have relied on it. So does a thread that has claimed a slot and can start
///    no worker for it.
///
/// In 1 against 2 and in 1 against 3 each side writes one thing and then reads the other's. Both use seq_cst for both,
/// so in their single order one of the writes comes first and the other side's read sees it.
class IdleState {
public:
    enum class Claimed : std::uint8_t { nothing, sleeper, slot };

    explicit IdleState(std::uint64_t slots) noexcept : word_(slots * slot) {}

    /// Zero if no worker is idle, helps, or can be started.
    const std::atomic<std::uint64_t>& word() const noexcept { return word_; }

    /// Rule 1: whether no worker searches and one could.
    bool needs_waking() const noexcept { return needs_waking(word_.load(std::memory_order_seq_cst)); }

    /// Whether a worker searches although another could: it may be one whose wake-up the system has not carried out.
    bool may_be_late() const noexcept { return may_be_late(word_.load(std::memory_order_relaxed)); }

    /// Turns a sleeper into one more searcher, because the other may be late.
    bool claim_another() noexcept {
        std::uint64_t word = word_.load(std::memory_order_relaxed);  // relaxed: a hint; the exchange decides
        while (may_be_late(word)) {
            if (word_.compare_exchange_weak(word, word + searcher - sleeper)) return true;
        }
        return false;
    }

    /// Rule 1: turns a sleeper into a searcher, unless there is a searcher already, or no sleeper.
    bool claim_sleeper() noexcept {
        std::uint64_t word = word_.load(std::memory_order_seq_cst);
        while (searchers(word) == 0 && sleepers(word) != 0) {
            if (word_.compare_exchange_weak(word, word + searcher - sleeper)) return true;
        }
        return false;
    }

    /// Rule 1: the same, or else turns a free slot into a searcher. Under the lock that guards starting threads.
    Claimed claim() noexcept {
        std::uint64_t word = word_.load(std::memory_order_seq_cst);
        while (needs_waking(word)) {
            const bool wakes = sleepers(word) != 0;
            if (word_.compare_exchange_weak(word, word + searcher - (wakes ? sleeper : slot))) {
                return wakes ? Claimed::sleeper : Claimed::slot;
            }
        }
        return Claimed::nothing;
    }

    /// The slot that was claimed could not be filled. The caller must look for sleepers, as in rule 3.
    void give_back_slot() noexcept { word_.fetch_add(slot - searcher); }

    /// Returns whether another worker searches already.
    bool begin_search() noexcept { return searchers(word_.fetch_add(searcher)) != 0; }

    /// Rule 3: returns whether the caller must look for more work, on behalf of those that sleep.
    bool end_search() noexcept {
        const std::uint64_t after = word_.fetch_sub(searcher) - searcher;
        return needs_waking(after);
    }

    /// Rule 2: from searching to sleeping.
    void fall_asleep() noexcept { word_.fetch_add(sleeper - searcher); }

    /// From sleeping to searching, by itself. False: another thread has claimed this sleeper, its wake-up is under
    /// way.
    bool get_up() noexcept {
        std::uint64_t word = word_.load();
        while (sleepers(word) != 0) {
            if (word_.compare_exchange_weak(word, word - sleeper + searcher)) return true;
        }
        return false;
    }

    /// From searching to gone. Under the lock that guards starting threads.
    void leave() noexcept { word_.fetch_add(slot - searcher); }

    /// All sleepers become searchers; returns how many there were.
    std::uint64_t claim_all_sleepers() noexcept {
        std::uint64_t word = word_.load();
        while (!word_.compare_exchange_weak(word, word + sleepers(word) * (searcher - sleeper))) {}
        return sleepers(word);
    }

    /// A worker that runs a task waits for something: another may take its slot.
    void free_slot() noexcept {
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        while (!word_.compare_exchange_weak(word, surplus_of(word) != 0 ? word - surplus : word + slot)) {}
    }

    /// And goes on. If its slot has been taken there is now one worker too many, until one leaves.
    void take_slot_back() noexcept {
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        while (!word_.compare_exchange_weak(word, free_slots(word) != 0 ? word - slot : word + surplus)) {}
    }

    /// In a forked child: no worker is there, or one that is one too many.
    void become_orphan(bool has_worker) noexcept { word_.store(has_worker ? surplus : 0); }

    /// A worker looks, while it waits for a task, for what that task forks: not counted as a searcher, but it takes
    /// work.
    void begin_help() noexcept { word_.fetch_add(helper, std::memory_order_relaxed); }  // relaxed: a hint
    void end_help() noexcept { word_.fetch_sub(helper, std::memory_order_relaxed); }

    /// Whether the caller, which runs no task, is the one too many: it must go.
    bool take_surplus() noexcept {
        std::uint64_t word = word_.load(std::memory_order_relaxed);  // relaxed: a hint; the exchange decides
        while (surplus_of(word) != 0) {
            if (word_.compare_exchange_weak(word, word - surplus)) return true;
        }
        return false;
    }

private:
    // 13 bits each but for helpers; a pool has at most 4096 workers and half as many stand-ins.
    static constexpr int bits = 13;
    static constexpr std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    static constexpr std::uint64_t searcher = 1;
    static constexpr std::uint64_t sleeper = searcher << bits;
    static constexpr std::uint64_t slot = sleeper << bits;
    static constexpr std::uint64_t surplus = slot << bits;
    static constexpr std::uint64_t helper = surplus << bits;

    static std::uint64_t searchers(std::uint64_t word) noexcept { return word / searcher & mask; }
    static std::uint64_t sleepers(std::uint64_t word) noexcept { return word / sleeper & mask; }
    static std::uint64_t free_slots(std::uint64_t word) noexcept { return word / slot & mask; }
    static std::uint64_t surplus_of(std::uint64_t word) noexcept { return word / surplus & mask; }

    static bool needs_waking(std::uint64_t word) noexcept {
        return searchers(word) == 0 && (sleepers(word) | free_slots(word)) != 0;
    }

    static bool may_be_late(std::uint64_t word) noexcept { return searchers(word) != 0 && sleepers(word) != 0; }

    alignas(64) std::atomic<std::uint64_t> word_;
};

}  // namespace threadwise::detail
