#pragma once

// What the portable backend cannot do, because the standard library has no words for it: tests of that ask for the
// system.

#include <gtest/gtest.h>

namespace threadwise::testing {

/// Whether the library under test stands on the standard library alone.
inline constexpr bool portable_backend = THREADWISE_PORTABLE_BACKEND != 0;

}  // namespace threadwise::testing

/// Skips the test on the portable backend, which lacks `what`.
#define THREADWISE_NEEDS(what) \
    if (threadwise::testing::portable_backend) GTEST_SKIP() << "the portable backend has no " << (what)
