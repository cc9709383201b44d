#include "runtime/base/fork.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <span>

#include "platform/fork.hpp"

namespace threadwise::runtime {
namespace {

/// What has been registered, in ForkOrder. Written while the library is loaded, only read after.
template <class Item, std::size_t capacity>
class Registered {
public:
    void add(Item item, ForkOrder order) {
        if (count_ == capacity) std::abort();  // make the array larger
        entries_.at(count_++) = {item, order};
        const auto place = std::upper_bound(all().begin(), all().end() - 1, order,
                                            [](ForkOrder wanted, const Entry& entry) { return wanted < entry.order; });
        std::rotate(place, all().end() - 1, all().end());
    }

    template <class Use>
    void for_each(Use use) const {
        for (std::size_t i = 0; i < count_; ++i) use(entries_[i].item);
    }

    template <class Use>
    void for_each_backwards(Use use) const {
        for (std::size_t i = count_; i > 0; --i) use(entries_[i - 1].item);
    }

private:
    struct Entry {
        Item item{};
        ForkOrder order{};
    };

    std::span<Entry> all() noexcept { return std::span(entries_).first(count_); }

    std::array<Entry, capacity> entries_{};
    std::size_t count_ = 0;
};

constinit Registered<platform::InternalLock*, 128> locks;
constinit Registered<void (*)(), 4> before_functions;
constinit Registered<void (*)() noexcept, 16> child_functions;

constinit std::uint32_t depth = 0;  // written where there is one thread alone

// The locks are held from before() to release_locks(), which clang cannot follow.
void before() {
    before_functions.for_each([](auto* function) { function(); });
    locks.for_each([](platform::InternalLock* lock) THREADWISE_UNCHECKED { lock->lock(); });
}

void release_locks() noexcept {
    locks.for_each_backwards([](platform::InternalLock* lock) THREADWISE_UNCHECKED { lock->unlock(); });
}

void in_child() {
    ++depth;
    child_functions.for_each([](auto* function) { function(); });
    release_locks();
}

/// Registered before the handlers of the program, where the library is part of it, too: theirs may use threadwise, as
/// the locks are taken after the last handler before a fork, and free again at the first one after it.
struct ForkHandlers {
    ForkHandlers() { platform::around_fork(before, release_locks, in_child); }
};
[[gnu::init_priority(102), maybe_unused]] const ForkHandlers fork_handlers;

}  // namespace

void hold_over_fork(platform::InternalLock& lock, ForkOrder order) { locks.add(&lock, order); }

std::uint32_t fork_depth() noexcept { return depth; }

void before_fork(void (*function)()) { before_functions.add(function, ForkOrder::before_registry); }

void at_fork_in_child(void (*function)() noexcept, ForkOrder order) { child_functions.add(function, order); }

}  // namespace threadwise::runtime
