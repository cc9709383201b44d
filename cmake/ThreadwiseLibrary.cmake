# The library: every source below src/ is compiled once and goes into both the static and the shared library.

# version.hpp is written by hand so that the headers work without a build; here it is held to project(VERSION).
file(STRINGS "${PROJECT_SOURCE_DIR}/include/threadwise/version.hpp" _version_lines REGEX "version_(major|minor|patch) = ")
list(TRANSFORM _version_lines REPLACE "[^0-9]" "")
list(JOIN _version_lines "." _header_version)
if(NOT _header_version STREQUAL PROJECT_VERSION)
    message(FATAL_ERROR "include/threadwise/version.hpp says ${_header_version}, CMakeLists.txt says ${PROJECT_VERSION}")
endif()

file(GLOB_RECURSE _sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/*.cpp")
# explore/ is another implementation of the door: programs that want it link it instead.
list(FILTER _sources EXCLUDE REGEX "/src/explore/")
foreach(_platform IN ITEMS linux portable)
    if(NOT THREADWISE_PLATFORM STREQUAL _platform)
        list(FILTER _sources EXCLUDE REGEX "/src/platform/${_platform}/")
    endif()
endforeach()

add_library(threadwise_objects OBJECT ${_sources})
target_link_libraries(threadwise_objects PRIVATE threadwise_flags Threads::Threads)
target_include_directories(
    threadwise_objects PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src"
)
set_source_files_properties(
    "${PROJECT_SOURCE_DIR}/src/version.cpp"
    PROPERTIES COMPILE_DEFINITIONS "THREADWISE_VERSION=\"${PROJECT_VERSION}\""
)
if(THREADWISE_SANITIZE AND THREADWISE_PLATFORM STREQUAL linux)
    # A signal handler runs these wherever a thread is, in the sanitizers' own code, too. Inlined, so that what they use
    # of the standard library is no sanitized copy.
    set_source_files_properties(
        "${PROJECT_SOURCE_DIR}/src/platform/linux/freeze.cpp" "${PROJECT_SOURCE_DIR}/src/platform/linux/call_frames.cpp"
        "${PROJECT_SOURCE_DIR}/src/platform/linux/diversion.cpp"
        PROPERTIES COMPILE_OPTIONS "-fno-sanitize=all;-O2"
    )
endif()
set_target_properties(
    threadwise_objects
    PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
)

add_library(threadwise SHARED $<TARGET_OBJECTS:threadwise_objects>)
add_library(threadwise_static STATIC $<TARGET_OBJECTS:threadwise_objects>)
set_target_properties(threadwise_static PROPERTIES OUTPUT_NAME threadwise)
# Before 1.0 every minor version may change the binary interface, so it is part of the SONAME.
set_target_properties(
    threadwise PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
)
target_compile_definitions(threadwise_static INTERFACE THREADWISE_STATIC_DEFINE)

foreach(_library IN ITEMS threadwise threadwise_static)
    add_library(threadwise::${_library} ALIAS ${_library})
    target_compile_features(${_library} INTERFACE cxx_std_20)
    target_include_directories(
        ${_library}
        PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>"
    )
    target_link_libraries(${_library} PUBLIC Threads::Threads PRIVATE $<BUILD_INTERFACE:threadwise_flags>)
endforeach()
