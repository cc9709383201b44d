// An extension module for count_primes.py: a function for pools, and one that feeds a queue.

#include <threadwise/python.hpp>

#include <stdexcept>

namespace py = threadwise::py;

namespace {

bool is_prime(long n) {
    for (long divisor = 2; divisor * divisor <= n; ++divisor) {
        if (n % divisor == 0) return false;
    }
    return n > 1;
}

long count(long first, long last) {
    if (first > last) throw std::invalid_argument("the range ends before it begins");
    long primes = 0;
    for (long n = first; n < last; ++n) primes += is_prime(n) ? 1 : 0;
    return primes;
}

/// Puts primes into the queue, the smallest first, until it is told to stop.
void feed(py::Queue<long>& primes, const py::Event& stop) {
    for (long n = 2; !stop.is_set(); ++n) {
        while (is_prime(n) && !stop.is_set() && !primes.put(n, 0.01)) {}
    }
}

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "primes", nullptr, -1, nullptr, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit_primes() {
    PyObject* const module = PyModule_Create(&definition);
    if (module == nullptr) return nullptr;
#ifdef Py_GIL_DISABLED
    PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    PyModule_AddObject(module, "count", py::export_function("count", [](long a, long b) { return count(a, b); }));
    PyModule_AddObject(module, "feed", py::export_function("feed", [](py::Queue<long>& queue, const py::Event& stop) {
                           feed(queue, stop);
                       }));
    return module;
}
