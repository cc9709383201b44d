#pragma once

/// \file
/// The functions of the system and of the language that fail at command. Part of faults.hpp.

#include <dlfcn.h>
#include <pthread.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdarg>

namespace threadwise::testing::faults {

/// The definition that this program's hides.
template <class Function>
Function* next(const char* name) noexcept {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace threadwise::testing::faults

extern "C" {

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void* __libc_malloc(std::size_t);                 // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(std::size_t, std::size_t);    // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(std::size_t, std::size_t);  // NOLINT(bugprone-reserved-identifier)

inline bool threadwise_malloc_fails(const void* caller) noexcept {
    using namespace threadwise::testing::faults;
    if (!plan.armed || is_libc(caller) || !strikes(Kind::allocation)) return false;
    errno = ENOMEM;
    return true;
}

void* malloc(std::size_t size) {
    return threadwise_malloc_fails(__builtin_return_address(0)) ? nullptr : __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
    return threadwise_malloc_fails(__builtin_return_address(0)) ? nullptr : __libc_calloc(count, size);
}

#endif

#if defined(__SANITIZE_THREAD__)
// Else each child sleeps for a second as it ends.
const char* __tsan_default_options() { return "atexit_sleep_ms=0"; }  // NOLINT(bugprone-reserved-identifier)
#endif

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
    using namespace threadwise::testing::faults;
    static auto* const real = next<decltype(pthread_create)>("pthread_create");
    return strikes(Kind::thread) ? EAGAIN : real(thread, attributes, run, argument);
}

long syscall(long number, ...) noexcept {
    using namespace threadwise::testing::faults;
    va_list list;
    va_start(list, number);
    std::array<long, 6> arguments{};
    for (long& argument : arguments) argument = va_arg(list, long);
    va_end(list);
    if ((number == SYS_futex && strikes(Kind::futex)) || (number == SYS_membarrier && strikes(Kind::membarrier))) {
        errno = ENOMEM;
        return -1;
    }
    static auto* const real = next<long(long, ...)>("syscall");
    return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

}  // extern "C"

namespace threadwise::testing::faults {

/// For operator new. Not through malloc(), where it would count twice.
inline void* allocate(std::size_t size, std::size_t alignment) noexcept {
    if (strikes(Kind::allocation)) return nullptr;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    return alignment <= alignof(std::max_align_t) ? __libc_malloc(size) : __libc_memalign(alignment, size);
#else
    if (alignment <= alignof(std::max_align_t)) return std::malloc(size);
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
#endif
}

inline void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    void* const memory = allocate(size, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace threadwise::testing::faults

void* operator new(std::size_t size) {
    return threadwise::testing::faults::allocate_or_throw(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return threadwise::testing::faults::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return threadwise::testing::faults::allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return threadwise::testing::faults::allocate(size, static_cast<std::size_t>(alignment));
}

// Not inline: the compiler would see a free() of what comes from operator new, and warn.
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
