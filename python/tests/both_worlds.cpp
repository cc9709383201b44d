// An extension module as a user of threadwise/python.hpp would write it; test_both_worlds.py builds and drives it.

#include <threadwise/python.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace py = threadwise::py;

namespace {

/// What it throws becomes RuntimeError.
template <class Function>
PyObject* guarded(Function function) {
    try {
        return function();
    } catch (const std::exception& error) {
        return PyErr_Format(PyExc_RuntimeError, "%s", error.what());
    }
}

/// sum(queue, count): what threads of C++ get from the queue, which hold no interpreter's lock.
PyObject* sum(PyObject*, PyObject* args) {
    PyObject* object = nullptr;
    int count = 0;
    if (PyArg_ParseTuple(args, "Oi", &object, &count) == 0) return nullptr;
    return guarded([&] {
        py::Queue<long> queue(object);
        long total = 0;
        PyThreadState* const state = PyEval_SaveThread();
        std::thread([&] {
            long value = 0;
            for (int i = 0; i < count; ++i) {
                if (queue.get(value)) total += value;
            }
        }).join();
        PyEval_RestoreThread(state);
        return PyLong_FromLong(total);
    });
}

/// fill(queue, count): 0 to count - 1, put by a C++ thread.
PyObject* fill(PyObject*, PyObject* args) {
    PyObject* object = nullptr;
    int count = 0;
    if (PyArg_ParseTuple(args, "Oi", &object, &count) == 0) return nullptr;
    return guarded([&] {
        py::Queue<long> queue(object);
        PyThreadState* const state = PyEval_SaveThread();
        std::thread([&] {
            for (int i = 0; i < count; ++i) queue.put(i);
        }).join();
        PyEval_RestoreThread(state);
        return Py_NewRef(Py_None);
    });
}

/// relay(first, second, count): from a queue to another, both in C++.
PyObject* relay(PyObject*, PyObject* args) {
    PyObject *first = nullptr, *second = nullptr;
    int count = 0;
    if (PyArg_ParseTuple(args, "OOi", &first, &second, &count) == 0) return nullptr;
    return guarded([&] {
        py::Queue<std::string> from(first), to(second);
        std::string text;
        for (int i = 0; i < count; ++i) {
            if (!from.get(text, 30) || !to.put(text + "!")) throw std::runtime_error("too slow");
        }
        return Py_NewRef(Py_None);
    });
}

PyObject* get_within(PyObject*, PyObject* args) {
    PyObject* object = nullptr;
    double seconds = 0;
    if (PyArg_ParseTuple(args, "Od", &object, &seconds) == 0) return nullptr;
    return guarded([&] {
        double value = 0;
        return py::Queue<double>(object).get(value, seconds) ? PyFloat_FromDouble(value) : Py_NewRef(Py_None);
    });
}

/// answer(future, event, lock): waits for the event, then takes the lock and sets the result.
PyObject* answer(PyObject*, PyObject* args) {
    PyObject *future = nullptr, *event = nullptr, *lock = nullptr;
    if (PyArg_ParseTuple(args, "OOO", &future, &event, &lock) == 0) return nullptr;
    return guarded([&] {
        py::Lock held(lock);
        if (!py::Event(event).wait(30) || !held.acquire(30)) throw std::runtime_error("too slow");
        py::Future<long>(future).set_result(42);
        held.unlock();
        return Py_NewRef(Py_None);
    });
}

PyObject* wait_for(PyObject*, PyObject* args) {
    PyObject* future = nullptr;
    double seconds = 0;
    if (PyArg_ParseTuple(args, "Od", &future, &seconds) == 0) return nullptr;
    return guarded([&] { return PyLong_FromLong(py::Future<long>(future).result(seconds)); });
}

PyMethodDef functions[] = {
    {"sum", sum, METH_VARARGS, nullptr},
    {"fill", fill, METH_VARARGS, nullptr},
    {"relay", relay, METH_VARARGS, nullptr},
    {"get_within", get_within, METH_VARARGS, nullptr},
    {"answer", answer, METH_VARARGS, nullptr},
    {"wait_for", wait_for, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "both_worlds", nullptr, -1, functions, nullptr, nullptr, nullptr, nullptr};

/// Returns once `parties` calls are in it at the same time: what never holds with an interpreter's lock in hand.
class Meeting {
public:
    bool meet(long parties) {
        ++present_;
        for (int i = 0; i < 3000 && present_ < parties; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return present_ >= parties;
    }

private:
    std::atomic<long> present_{0};
};

}  // namespace

PyMODINIT_FUNC PyInit_both_worlds() {
    PyObject* const module = PyModule_Create(&definition);
    if (module == nullptr) return nullptr;
#ifdef Py_GIL_DISABLED
    PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    const auto meeting = std::make_shared<Meeting>();
    PyModule_AddObject(module, "add", py::export_function("add", [](double a, double b) { return a + b; }));
    PyModule_AddObject(module, "meet", py::export_function("meet", [meeting](long n) { return meeting->meet(n); }));
    PyModule_AddObject(module, "fail",
                       py::export_function("fail", [](const std::string& why) { throw std::runtime_error(why); }));
    return module;
}
