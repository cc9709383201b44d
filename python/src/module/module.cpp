// The extension module threadwise._threadwise: its state, and what is added to it.

#include <Python.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "base/method.hpp"
#include "module/function.hpp"
#include "module/state.hpp"
#include "threadwise/deadlock_hook.hpp"

namespace threadwise::python {
namespace {

using Adder = int (*)(PyObject* module);

constexpr std::initializer_list<Adder> adders = {
    // One a line, so that two additions do not conflict.
    add_function,       // before all types
    add_lock,           //
    add_rlock,          //
    add_local,          //
    add_condition,      //
    add_event,          //
    add_semaphore,      //
    add_barrier,        //
    add_thread_handle,  //
    add_threads,        //
    add_deadlocks,      //
    add_wait_places,    //
    add_queue_errors,   //
    add_queue,          //
    add_simple_queue,   //
    add_future,         //
    add_futures_wait,   //
    add_as_completed,   //
    add_work_item,      //
    add_pool_worker,    //
    add_pool,           //
    add_interface,      //
};

/// In Python programs a Lock is often released by another thread than the one that took it, and until that has happened
/// once it looks like a deadlock. So threads look for deadlocks only where the environment or the program asks for it.
void look_for_deadlocks_if_asked() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): os.environ is changed with the GIL held, as this is read
    if (std::getenv("THREADWISE_ON_DEADLOCK") == nullptr) set_on_deadlock(OnDeadlock::ignore);
}

int execute(PyObject* module) {
    look_for_deadlocks_if_asked();
    for (const Adder add : adders) {
        if (add(module) < 0) return -1;
    }
    return 0;
}

/// Every reference of the state, for the collector.
auto references(State& state) noexcept {
    return std::array{
        reinterpret_cast<PyObject**>(&state.function_type),
        reinterpret_cast<PyObject**>(&state.lock_type),
        reinterpret_cast<PyObject**>(&state.rlock_type),
        reinterpret_cast<PyObject**>(&state.local_type),
        reinterpret_cast<PyObject**>(&state.condition_type),
        reinterpret_cast<PyObject**>(&state.event_type),
        reinterpret_cast<PyObject**>(&state.semaphore_type),
        reinterpret_cast<PyObject**>(&state.bounded_semaphore_type),
        reinterpret_cast<PyObject**>(&state.barrier_type),
        &state.condition_functions.functions(),
        &state.semaphore_functions.functions(),
        &state.bounded_semaphore_functions.functions(),
        &state.broken_barrier_error,
        reinterpret_cast<PyObject**>(&state.thread_handle_type),
        reinterpret_cast<PyObject**>(&state.queue_type),
        reinterpret_cast<PyObject**>(&state.lifo_queue_type),
        reinterpret_cast<PyObject**>(&state.priority_queue_type),
        reinterpret_cast<PyObject**>(&state.simple_queue_type),
        &state.empty_error,
        &state.full_error,
        &state.shut_down_error,
        &state.queue_functions.functions(),
        &state.lifo_queue_functions.functions(),
        &state.priority_queue_functions.functions(),
        reinterpret_cast<PyObject**>(&state.future_type),
        reinterpret_cast<PyObject**>(&state.as_completed_type),
        reinterpret_cast<PyObject**>(&state.work_item_type),
        reinterpret_cast<PyObject**>(&state.work_queue_type),
        reinterpret_cast<PyObject**>(&state.pool_type),
        &state.future_functions.functions(),
        &state.work_item_functions.functions(),
        &state.future_class,
        &state.work_item_class,
        &state.futures_error,
        &state.cancelled_error,
        &state.invalid_state_error,
    };
}

int traverse(PyObject* module, visitproc visit, void* arg) {
    for (PyObject** reference : references(state_of_module(module))) Py_VISIT(*reference);
    return 0;
}

int clear(PyObject* module) {
    for (PyObject** reference : references(state_of_module(module))) Py_CLEAR(*reference);
    return 0;
}

void destroy(void* module) {
    auto* const object = static_cast<PyObject*>(module);
    if (PyModule_GetState(object) == nullptr) return;
    clear(object);
    destroy_thread_lives(state_of_module(object));
    destroy_spent_work(state_of_module(object));
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(execute)},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

}  // namespace

PyModuleDef module_definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "threadwise._threadwise",
    .m_doc = "The types of threadwise's modules; import those.",
    .m_size = sizeof(State),
    .m_methods = nullptr,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = destroy,
};

State* state_of_type(PyTypeObject* type) noexcept {
#if PY_VERSION_HEX >= 0x030B0000
    PyObject* const module = PyType_GetModuleByDef(type, &module_definition);
    return module == nullptr ? nullptr : &state_of_module(module);
#else
    PyObject* const order = type->tp_mro;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(order); ++i) {
        auto* const base = reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(order, i));
        if (!PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) continue;
        PyObject* const module = reinterpret_cast<PyHeapTypeObject*>(base)->ht_module;
        if (module != nullptr && PyModule_GetDef(module) == &module_definition) return &state_of_module(module);
    }
    PyErr_Format(PyExc_TypeError, "%s is no type of threadwise's", type->tp_name);
    return nullptr;
#endif
}

int add_type(PyObject* module, PyType_Spec& spec, PyTypeObject*& slot, PyTypeObject* base) noexcept {
    PyObject* const type = PyType_FromModuleAndSpec(module, &spec, reinterpret_cast<PyObject*>(base));
    if (type == nullptr) return -1;
    slot = reinterpret_cast<PyTypeObject*>(type);
    // Error messages name a class of Python's by its own name alone, and types of C with the module; modules of C have
    // names that begin with an underscore.
    if (slot->tp_name[0] != '_') slot->tp_name = std::strrchr(slot->tp_name, '.') + 1;
    return PyModule_AddType(module, slot);
}

int add_python_type(PyObject* module, PyType_Spec& spec, PyTypeObject*& slot, PyTypeObject* base) noexcept {
    if (add_type(module, spec, slot, base) < 0) return -1;
    return turn_methods_into_functions(slot, state_of_module(module).function_type);
}

}  // namespace threadwise::python

// NOLINTNEXTLINE(readability-identifier-naming,bugprone-reserved-identifier): the interpreter looks for this name
PyMODINIT_FUNC PyInit__threadwise() { return PyModuleDef_Init(&threadwise::python::module_definition); }
