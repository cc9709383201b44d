# cmake -DBUILD=... -DSOURCE=... -DSCRATCH=... -DCOMPILER=... -DFLAGS=... -DVERSION=... -P install_test.cmake
#
# Installs the build tree BUILD below SCRATCH, moves the result, then configures, builds and runs the consumer in SOURCE
# against it: with find_package and with pkg-config, each with the shared and with the static library.

function(run)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUTPUT" "COMMAND")
    execute_process(COMMAND ${arg_COMMAND} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE code)
    if(NOT code EQUAL 0)
        list(JOIN arg_COMMAND " " command)
        message(FATAL_ERROR "${command}\nended with ${code}:\n${output}")
    endif()
    if(arg_OUTPUT)
        string(STRIP "${output}" output)
        set(${arg_OUTPUT} "${output}" PARENT_SCOPE)
    endif()
endfunction()

function(expect_to_run program)
    run(OUTPUT printed COMMAND "${CMAKE_COMMAND}" -E env "LD_LIBRARY_PATH=${prefix}/${LIBDIR}" "${program}")
    if(NOT printed STREQUAL "threadwise ${VERSION}")
        message(FATAL_ERROR "${program} printed \"${printed}\"")
    endif()
endfunction()

set(prefix "${SCRATCH}/moved")
file(REMOVE_RECURSE "${SCRATCH}")
run(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${SCRATCH}/prefix")
file(RENAME "${SCRATCH}/prefix" "${prefix}")
if(NOT EXISTS "${prefix}/share/threadwise/threadwise.supp")
    message(FATAL_ERROR "the suppressions for valgrind were not installed")
endif()

set(consumer "${SCRATCH}/consumer")
run(COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${consumer}" -G Ninja "-DCMAKE_PREFIX_PATH=${prefix}"
            "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}"
)
run(COMMAND "${CMAKE_COMMAND}" --build "${consumer}")
expect_to_run("${consumer}/shared")
expect_to_run("${consumer}/static")

set(ENV{PKG_CONFIG_PATH} "${prefix}/${LIBDIR}/pkgconfig")
separate_arguments(FLAGS UNIX_COMMAND "${FLAGS}")
foreach(library IN ITEMS threadwise threadwise-static)
    run(OUTPUT found COMMAND pkg-config --modversion ${library})
    if(NOT found STREQUAL VERSION)
        message(FATAL_ERROR "pkg-config says that ${library} is ${found}, not ${VERSION}")
    endif()
    run(OUTPUT flags COMMAND pkg-config --cflags --libs ${library})
    separate_arguments(flags UNIX_COMMAND "${flags}")
    run(COMMAND "${COMPILER}" -std=c++20 ${FLAGS} "${SOURCE}/main.cpp" -o "${SCRATCH}/${library}" ${flags})
    expect_to_run("${SCRATCH}/${library}")
endforeach()
