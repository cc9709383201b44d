#pragma once

/// \file
/// What all Thread objects of an interpreter have in common: the dictionaries of the living, and threadwise.threading,
/// where programs may replace functions.

#include <Python.h>

#include "base/reference.hpp"
#include "module/state.hpp"

namespace threadwise::python {

/// Whether threadwise.threading has been imported, which knows the living; false with an exception set.
bool is_attached(const State& state);

/// Calls a function of threadwise.threading without arguments; null with an exception set on failure.
Ref call_threading(const State& state, const char* name);

/// The Thread object of the calling thread: for a thread that somebody else started, one is made. Null with an
/// exception set on failure.
Ref current_thread_object(State& state);

}  // namespace threadwise::python
