#pragma once
// What a spinning thread may ask of its processor.

namespace threadwise::platform {

/// Tells the core that the thread is spinning, so that a sibling hyper-thread and the memory bus get a rest.
/// From 5 ns to some 45 ns, by model.
inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    asm volatile("yield");
#endif
}

/// Cores the process may run on; asked of the system once.
unsigned core_count() noexcept;

}  // namespace threadwise::platform
