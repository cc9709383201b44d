// Threads that ask for the interpreter's lock after its end has begun.
//
// Up to Python 3.13 the interpreter ends such a thread by pthread_exit(), and glibc unwinds its stack by force: on each
// frame it runs the destructors and handlers, and ends the program at a noexcept. Here they would touch Python objects
// without the interpreter's lock. Any call that may run a program's code may ask for that lock, so nearly every
// function of this module can meet such a thread.
//
// The unwinder learns what there is to do on a frame from the frame's personality routine, before any of it is done.
// The linker (--wrap, in python/CMakeLists.txt) puts the routine below in place of the C++ runtime's, for all frames of
// this module: a late thread blocks here until the process ends, as every late thread does from Python 3.14 on.

#include <unwind.h>

#include "waiting.hpp"

// NOLINTBEGIN(readability-identifier-naming,bugprone-reserved-identifier): the linker gives them these names

/// The C++ runtime's.
extern "C" _Unwind_Reason_Code __real___gxx_personality_v0(int version, _Unwind_Action actions,
                                                           _Unwind_Exception_Class exception_class,
                                                           _Unwind_Exception* exception, _Unwind_Context* context);

extern "C" _Unwind_Reason_Code __wrap___gxx_personality_v0(int version, _Unwind_Action actions,
                                                           _Unwind_Exception_Class exception_class,
                                                           _Unwind_Exception* exception, _Unwind_Context* context) {
    if ((actions & _UA_FORCE_UNWIND) != 0) threadwise::python::stay_for_good();
    return __real___gxx_personality_v0(version, actions, exception_class, exception, context);
}

// NOLINTEND(readability-identifier-naming,bugprone-reserved-identifier)
