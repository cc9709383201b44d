# What `cmake --install` puts in place: headers, both libraries, and what CMake and pkg-config find them by.

include(CMakePackageConfigHelpers)

set(_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/threadwise")
install(
    DIRECTORY "${PROJECT_SOURCE_DIR}/include/threadwise" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development
    FILES_MATCHING PATTERN "*.hpp"
)
install(
    FILES "${PROJECT_SOURCE_DIR}/share/threadwise.supp" DESTINATION "${CMAKE_INSTALL_DATADIR}/threadwise"
    COMPONENT development
)
install(
    TARGETS threadwise threadwise_static EXPORT threadwiseTargets
    LIBRARY COMPONENT library NAMELINK_COMPONENT development
    ARCHIVE COMPONENT development
)
install(EXPORT threadwiseTargets NAMESPACE threadwise:: DESTINATION "${_package_dir}" COMPONENT development)

configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/threadwiseConfig.cmake.in" "${PROJECT_BINARY_DIR}/threadwiseConfig.cmake"
    INSTALL_DESTINATION "${_package_dir}"
    NO_SET_AND_CHECK_MACRO
)
# Before 1.0 a minor version may break the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/threadwiseConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(
    FILES "${PROJECT_BINARY_DIR}/threadwiseConfig.cmake" "${PROJECT_BINARY_DIR}/threadwiseConfigVersion.cmake"
    DESTINATION "${_package_dir}"
    COMPONENT development
)

# Both files ask pkg-config where they lie, so that the tree can be installed below any prefix and moved.
set(_pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH _prefix_from_pkgconfig "/${_pkgconfig_dir}" "/")
foreach(_library IN ITEMS threadwise threadwise-static)
    configure_file("${PROJECT_SOURCE_DIR}/cmake/${_library}.pc.in" "${PROJECT_BINARY_DIR}/${_library}.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/${_library}.pc" DESTINATION "${_pkgconfig_dir}" COMPONENT development)
endforeach()
