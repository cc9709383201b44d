#pragma once
// Counts what the program that includes this allocates: it replaces operator new and delete, so include it in the one
// source file of a test program. What is over-aligned is not counted.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace threadwise::testing {

inline std::atomic<std::size_t> allocated{0};  ///< bytes now in use
inline std::atomic<std::size_t> allocations{0};

/// In front of each allocation, for its size.
inline constexpr std::size_t allocation_header = alignof(std::max_align_t);

}  // namespace threadwise::testing

void* operator new(std::size_t size) {
    void* const memory = std::malloc(size + threadwise::testing::allocation_header);
    if (memory == nullptr) throw std::bad_alloc();
    *static_cast<std::size_t*>(memory) = size;
    threadwise::testing::allocated += size;
    ++threadwise::testing::allocations;
    return static_cast<std::byte*>(memory) + threadwise::testing::allocation_header;
}

// The sanitizers' own does not come by here, but what it gives is deleted here.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return operator new(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void operator delete(void* pointer) noexcept {
    if (pointer == nullptr) return;
    void* const memory = static_cast<std::byte*>(pointer) - threadwise::testing::allocation_header;
    threadwise::testing::allocated -= *static_cast<std::size_t*>(memory);
    std::free(memory);
}

void operator delete(void* pointer, std::size_t) noexcept { operator delete(pointer); }
