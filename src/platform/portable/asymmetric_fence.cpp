#include "platform/asymmetric_fence.hpp"

#include <atomic>

namespace threadwise::platform {

bool enable_heavy_fence() noexcept { return false; }
bool enable_unseen_heavy_fence() noexcept { return false; }
bool heavy_fence_refused() noexcept { return false; }

void heavy_fence() noexcept {
    // A read-modify-write, as the thread sanitizer does not know fences.
    static std::atomic<int> word{0};
    word.fetch_add(1, std::memory_order_seq_cst);
}

}  // namespace threadwise::platform
