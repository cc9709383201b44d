#pragma once
// THREADWISE_API marks what the shared library shows; everything else in it is hidden. A program that links
// the static library defines THREADWISE_STATIC_DEFINE (the CMake target and the pkg-config file do), so that
// a shared library built around it does not show threadwise as its own.

#if defined(THREADWISE_STATIC_DEFINE)
#define THREADWISE_API
#else
#define THREADWISE_API __attribute__((visibility("default")))
#endif
