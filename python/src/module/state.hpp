#pragma once

/// \file
/// What the module keeps for one interpreter: there are no Python objects in global variables.

#include <Python.h>

#include <atomic>
#include <memory>

#include "base/originals.hpp"

namespace threadwise::python {

class SpentWork;
class ThreadLives;

/// Each pointer is an owned reference; module.cpp visits and clears them all.
struct State {
    PyTypeObject* function_type;
    PyTypeObject* lock_type;
    PyTypeObject* rlock_type;
    PyTypeObject* local_type;
    PyTypeObject* condition_type;
    PyTypeObject* event_type;
    PyTypeObject* semaphore_type;
    PyTypeObject* bounded_semaphore_type;
    PyTypeObject* barrier_type;
    Originals condition_functions;
    Originals semaphore_functions;
    Originals bounded_semaphore_functions;
    PyObject* broken_barrier_error;

    PyTypeObject* thread_handle_type;
    std::shared_ptr<ThreadLives>* lives;  ///< owned; no object of Python's
    bool threads_forbidden;               ///< the interpreter was made so

    PyTypeObject* queue_type;
    PyTypeObject* lifo_queue_type;
    PyTypeObject* priority_queue_type;
    PyTypeObject* simple_queue_type;
    PyObject* empty_error;
    PyObject* full_error;
    PyObject* shut_down_error;
    Originals queue_functions;
    Originals lifo_queue_functions;
    Originals priority_queue_functions;

    PyTypeObject* future_type;
    PyTypeObject* as_completed_type;
    PyTypeObject* work_item_type;
    PyTypeObject* work_queue_type;
    PyTypeObject* pool_type;
    Originals future_functions;
    Originals work_item_functions;
    PyObject* future_class;     ///< what a program has put in the place of Future for pools to make, or null
    PyObject* work_item_class;  ///< and of _WorkItem
    PyObject* futures_error;
    PyObject* cancelled_error;
    PyObject* invalid_state_error;
    std::atomic<bool> pools_are_closed;
    unsigned forks;         ///< how often this process's ancestors and it were forked, from one to the next
    SpentWork* spent_work;  ///< owned; no object of Python's
};

extern PyModuleDef module_definition;

inline State& state_of_module(PyObject* module) noexcept { return *static_cast<State*>(PyModule_GetState(module)); }

/// The state of the module that `type`, or one of its bases, belongs to. Null with an exception set: none of ours.
State* state_of_type(PyTypeObject* type) noexcept;

/// Makes a type of the module and adds it by the last part of the spec's name; kept in `slot` too. -1 on error.
int add_type(PyObject* module, PyType_Spec& spec, PyTypeObject*& slot, PyTypeObject* base = nullptr) noexcept;
/// The same for a class that is Python in the standard modules: its methods are functions (function.hpp).
int add_python_type(PyObject* module, PyType_Spec& spec, PyTypeObject*& slot, PyTypeObject* base = nullptr) noexcept;

/// One function a concept: adds its types and functions to the module; -1 with an exception set on error.
int add_function(PyObject* module);
int add_lock(PyObject* module);
int add_rlock(PyObject* module);
int add_local(PyObject* module);
int add_condition(PyObject* module);
int add_event(PyObject* module);
int add_semaphore(PyObject* module);
int add_barrier(PyObject* module);
int add_thread_handle(PyObject* module);
int add_threads(PyObject* module);
int add_deadlocks(PyObject* module);
int add_wait_places(PyObject* module);
int add_queue_errors(PyObject* module);
int add_queue(PyObject* module);
int add_simple_queue(PyObject* module);
int add_future(PyObject* module);
int add_futures_wait(PyObject* module);
int add_as_completed(PyObject* module);
int add_work_item(PyObject* module);
int add_pool_worker(PyObject* module);
int add_pool(PyObject* module);
int add_interface(PyObject* module);

/// Free what is no object of Python's.
void destroy_thread_lives(State& state) noexcept;
void destroy_spent_work(State& state) noexcept;

}  // namespace threadwise::python
