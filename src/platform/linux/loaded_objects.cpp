#include "platform/linux/loaded_objects.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "platform/fork.hpp"
#include "platform/internal_lock.hpp"

namespace threadwise::platform {
namespace {

// dl_iterate_phdr() takes a lock of the loader's that glibc leaves in a forked child as it was: held for good, if
// another thread held it. So every call of it here takes this lock first, and so does a fork.
constinit InternalLock before_loader;

/// Registered first of all, and so taken last: a thread that holds another lock may look at the objects.
struct HeldOverFork {
    HeldOverFork() {
        const auto take = []() THREADWISE_ACQUIRES(before_loader) { before_loader.lock(); };
        const auto release = []() THREADWISE_RELEASES(before_loader) { before_loader.unlock(); };
        around_fork(take, release, release);
    }
};
[[gnu::init_priority(101), maybe_unused]] const HeldOverFork held_over_fork;

}  // namespace

void visit_objects(int (*visit)(dl_phdr_info*, std::size_t, void*), void* data) {
    const InternalHold hold(before_loader);
    dl_iterate_phdr(visit, data);
}

bool holds(const dl_phdr_info& object, const void* address) noexcept {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    return std::ranges::any_of(std::span(object.dlpi_phdr, object.dlpi_phnum), [&](const ElfW(Phdr) & segment) {
        const std::uintptr_t begin = object.dlpi_addr + segment.p_vaddr;
        return segment.p_type == PT_LOAD && wanted >= begin && wanted - begin < segment.p_memsz;
    });
}

}  // namespace threadwise::platform
