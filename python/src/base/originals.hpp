#pragma once

/// \file
/// Whether a type's functions are still our own. Tracing tools and mocks put others in their place, on the class.

#include <Python.h>

#include <atomic>
#include <cstdint>

namespace threadwise::python {

/// The functions that a type of ours was made with. Part of the module's state: all zero at first.
class Originals {
public:
    /// Once the type is complete. False with an exception set.
    bool remember(PyTypeObject* type) noexcept;

    /// Whether none of them has been replaced in the class. Compares two numbers, unless the class has changed since
    /// this was last asked.
    bool are_unchanged() noexcept {
        const std::uint64_t seen = seen_.load(std::memory_order_relaxed);  // relaxed: the answer is in the same word
        const std::uint64_t now = version();
        return now != 0 && seen >> 1 == now ? (seen & 1) != 0 : look();
    }

    /// For the collector: the functions by name.
    PyObject*& functions() noexcept { return functions_; }

private:
    /// CPython numbers the states of each type; 0 is no number.
    std::uint64_t version() const noexcept {
        // relaxed: a thread that changes a class while others use it has to tell them by other means.
        return std::atomic_ref(type_->tp_version_tag).load(std::memory_order_relaxed);
    }
    bool compare() const noexcept;
    bool look() noexcept;

    PyTypeObject* type_;  // kept by the module's state
    PyObject* functions_;
    std::atomic<std::uint64_t> seen_;  // a version, and in the lowest bit the answer
};

}  // namespace threadwise::python
