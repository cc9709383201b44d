# cmake -DPROGRAM=... -DARGS=... -DEXPECTED=.../name.expected -P check_output.cmake
#
# Runs PROGRAM with ARGS; it must end with 0. Compares what it prints with the file EXPECTED (exact text) or, where that
# does not exist, with the file EXPECTED.re (one regular expression a line, each matching a whole line).

execute_process(COMMAND "${PROGRAM}" ${ARGS} OUTPUT_VARIABLE printed ERROR_VARIABLE complaints RESULT_VARIABLE code)
if(NOT code EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ended with ${code}, not 0\n--- stdout\n${printed}\n--- stderr\n${complaints}")
endif()

# Takes the first line off the text in the variable `text` into the variable `line`.
macro(take_line text line)
    string(FIND "${${text}}" "\n" _end)
    string(SUBSTRING "${${text}}" 0 ${_end} ${line})
    if(_end EQUAL -1)
        set(${text} "")
    else()
        math(EXPR _end "${_end} + 1")
        string(SUBSTRING "${${text}}" ${_end} -1 ${text})
    endif()
endmacro()

if(EXISTS "${EXPECTED}")
    file(READ "${EXPECTED}" expected)
    if(NOT printed STREQUAL expected)
        message(FATAL_ERROR "${PROGRAM} printed other than ${EXPECTED}\n--- printed\n${printed}\n--- expected\n${expected}")
    endif()
elseif(EXISTS "${EXPECTED}.re")
    file(READ "${EXPECTED}.re" patterns)
    set(rest "${printed}")
    while(NOT patterns STREQUAL "" OR NOT rest STREQUAL "")
        take_line(patterns pattern)
        take_line(rest line)
        if(NOT line MATCHES "^${pattern}$")
            message(FATAL_ERROR "${PROGRAM}: \"${line}\" does not match \"${pattern}\" of ${EXPECTED}.re\n--- printed\n${printed}")
        endif()
    endwhile()
endif()
