#include "runtime/records/followed_locks.hpp"

#include "runtime/records/parking_table.hpp"
#include "threadwise/detail/runtime/ident.hpp"

namespace threadwise::runtime {

constinit std::atomic<bool> following_locks{false};

void follow_locks() noexcept {
    if (!locks_are_followed()) {
        // In this order: a thread that takes a lock as followed releases it so, too.
        let_releases_go_slow();
        following_locks = true;
    }
    detail::taking_ident = 0;
}

}  // namespace threadwise::runtime
