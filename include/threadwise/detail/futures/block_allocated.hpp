#pragma once
// Small objects that come and go in great numbers.

#include <cstddef>
#include <new>

#include "threadwise/export.hpp"

namespace threadwise::detail {

/// A base of those: their memory is cut from larger pieces (src/runtime/base/block_cache.hpp).
struct THREADWISE_API BlockAllocated {
    static void* operator new(std::size_t size);
    static void operator delete(void* object) noexcept;
    static void* operator new(std::size_t size, std::align_val_t alignment) { return ::operator new(size, alignment); }
    static void operator delete(void* object, std::align_val_t alignment) noexcept {
        ::operator delete(object, alignment);
    }
};

}  // namespace threadwise::detail
