#pragma once
// Memory that does not come from the program's operator new.

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

namespace threadwise::runtime {

/// An allocator on malloc. For what is made where the calling thread cannot use threadwise yet: a program's own
/// operator new may do that.
template <class T>
struct SystemAllocator {
    using value_type = T;

    SystemAllocator() = default;
    template <class Other>
    SystemAllocator(const SystemAllocator<Other>& /*other*/) noexcept {}  // NOLINT: as allocators convert

    T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
        // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): that is what it is for
        void* const memory = std::aligned_alloc(alignof(T), (bytes + alignof(T) - 1) / alignof(T) * alignof(T));
        if (memory == nullptr) throw std::bad_alloc();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t /*count*/) noexcept { std::free(memory); }  // NOLINT: as above

    friend bool operator==(const SystemAllocator& /*a*/, const SystemAllocator& /*b*/) noexcept { return true; }
};

template <class Value>
using SystemVector = std::vector<Value, SystemAllocator<Value>>;

using SystemString = std::basic_string<char, std::char_traits<char>, SystemAllocator<char>>;

}  // namespace threadwise::runtime
