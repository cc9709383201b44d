#include "runtime/waiting/wait_places.hpp"

#include <atomic>

namespace threadwise {

static constinit std::atomic<embed::WaitPlaceFinder> the_finder{nullptr};

// release, and acquire below: what the finder needs has been made before it was set.
void embed::set_wait_place_finder(WaitPlaceFinder finder) noexcept {
    the_finder.store(finder, std::memory_order_release);
}

bool runtime::find_wait_place(embed::WaitPlace& place) noexcept {
    const embed::WaitPlaceFinder finder = the_finder.load(std::memory_order_acquire);
    return finder != nullptr && finder(place);
}

}  // namespace threadwise
