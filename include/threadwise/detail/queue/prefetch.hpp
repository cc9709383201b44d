#pragma once
// Fetching a cache line before it is needed.

namespace threadwise::detail {

/// Fetches the cache line of that address, which need not be valid, in order to read there.
inline void prefetch(const void* address) noexcept { __builtin_prefetch(address); }

/// The same in order to write, so that the other cores have given the line up by then. On x86-64 the compilers' builtin
/// asks for no more than to read, unless told that the processor is not of the first; all have the instruction, or skip
/// it.
inline void prefetch_to_write(const void* address) noexcept {
#if defined(__x86_64__)
    asm volatile("prefetchw (%0)" ::"r"(address));
#else
    __builtin_prefetch(address, 1);
#endif
}

}  // namespace threadwise::detail
