#include "threading/threads/stack_size.hpp"

#include <atomic>
#include <string>

#include "platform/native_thread.hpp"
#include "threadwise/errors.hpp"

namespace threadwise {
namespace {

// relaxed throughout: a setting, which orders nothing else.
constinit std::atomic<std::size_t> size_for_all{0};

constexpr std::size_t smallest = std::size_t{32} << 10;  // Python's own bound

}  // namespace

void check_stack_size(std::size_t size) {
    if (size == 0) return;
    if (size < smallest) {
        throw ValueError("size not valid: " + std::to_string(size) + " bytes; a stack needs at least " +
                         std::to_string(smallest));
    }
    if (!platform::is_stack_size_accepted(size)) {
        throw RuntimeError("setting stack size failed: the system does not accept " + std::to_string(size) + " bytes");
    }
}

std::size_t stack_size() noexcept { return size_for_all.load(std::memory_order_relaxed); }

std::size_t stack_size(std::size_t size) {
    check_stack_size(size);
    return size_for_all.exchange(size, std::memory_order_relaxed);
}

}  // namespace threadwise
