#pragma once
// main() of test programs whose functions run in processes of their own. Included by such a program alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "threadwise/multiprocessing/freeze_support.hpp"

/// The thread sanitizer asks for this. A process with a second thread would sleep for a second as it ends.
extern "C" const char* __tsan_default_options();  // NOLINT(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" const char* __tsan_default_options() { return "atexit_sleep_ms=0"; }

int main(int count, char** arguments) {
    threadwise::multiprocessing::freeze_support();
    ::testing::InitGoogleMock(&count, arguments);
    return RUN_ALL_TESTS();
}
