# What a user may choose when configuring, and the compiler flags that follow from it.
# Warnings become errors where CMAKE_COMPILE_WARNING_AS_ERROR is set, as the presets do.

option(THREADWISE_BUILD_APPS "Build the threadwise command" ${PROJECT_IS_TOP_LEVEL})
option(THREADWISE_BUILD_TESTS "Build the tests and the examples they run" ${PROJECT_IS_TOP_LEVEL})
option(THREADWISE_BUILD_BENCHMARKS "Build the benchmarks" OFF)
option(THREADWISE_BUILD_FUZZERS "Build the fuzzers (clang alone)" OFF)
option(THREADWISE_BUILD_PYTHON "Build the extension module of the Python package" OFF)
option(THREADWISE_INSTALL "Let cmake --install put the library in place" ${PROJECT_IS_TOP_LEVEL})
option(THREADWISE_COVERAGE "Record which lines run (gcov)" OFF)
set(THREADWISE_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize= takes them")

if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    set(_default_platform linux)
else()
    set(_default_platform portable)
endif()
set(THREADWISE_PLATFORM ${_default_platform} CACHE STRING "What threads sleep on: linux (futex) or portable (the standard library)")
set_property(CACHE THREADWISE_PLATFORM PROPERTY STRINGS linux portable)
if(NOT THREADWISE_PLATFORM MATCHES "^(linux|portable)$")
    message(FATAL_ERROR "THREADWISE_PLATFORM is \"${THREADWISE_PLATFORM}\"; it must be linux or portable")
endif()

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()

find_package(Threads REQUIRED)

# Flags for everything built in this tree; never passed on to those who link the library.
add_library(threadwise_flags INTERFACE)
target_compile_features(threadwise_flags INTERFACE cxx_std_20)
target_compile_options(threadwise_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                                  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
if(THREADWISE_SANITIZE)
    set(_sanitize -fsanitize=${THREADWISE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(threadwise_flags INTERFACE ${_sanitize})
    target_link_options(threadwise_flags INTERFACE ${_sanitize})
    # What the sanitizers add to the code makes gcc see uninitialised variables where there are none.
    target_compile_options(threadwise_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
if(THREADWISE_COVERAGE)
    target_compile_options(threadwise_flags INTERFACE --coverage)
    target_link_options(threadwise_flags INTERFACE --coverage)
endif()
