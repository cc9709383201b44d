#pragma once
// Where a thread writes its wait down.

#include <atomic>

#include "runtime/records/card.hpp"

namespace threadwise::runtime {

/// The wait site of one thread. It lies on the thread's card, where other processes see it, and in the record of a
/// thread that has none.
class OwnSite {
public:
    /// The thread itself.
    void write(const WaitSite& site) noexcept {
        // relaxed: it changes while the thread does not run.
        place_.load(std::memory_order_relaxed)->write(site);
    }

    /// Any thread that shares the record.
    WaitSite read() const noexcept { return read_versioned().value; }
    SequenceLocked<WaitSite>::Versioned read_versioned() const noexcept {
        for (;;) {
            // acquire: pairs with the release in leave().
            const SequenceLocked<WaitSite>* const place = place_.load(std::memory_order_acquire);
            const auto site = place->read_versioned();
            // The card may have become another thread's, which has written there what was read: then what was read
            // brought along that this thread's record had left it before.
            if (place_.load(std::memory_order_relaxed) == place) return site;
        }
    }

    // Under the registry's lock, while the thread does not run:

    void move_to(Card& card) noexcept {
        card.site.write(WaitSite{});
        place_.store(&card.site, std::memory_order_release);  // release: after what is written there
    }
    void leave() noexcept {
        in_record_.write(WaitSite{});
        place_.store(&in_record_, std::memory_order_release);  // release: as above
    }

private:
    SequenceLocked<WaitSite> in_record_;
    std::atomic<SequenceLocked<WaitSite>*> place_{&in_record_};
};

}  // namespace threadwise::runtime
