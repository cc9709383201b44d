#pragma once

/// \file
/// threading.Thread.

#include <Python.h>

#include <memory>
#include <utility>

#include "base/object.hpp"
#include "base/reference.hpp"
#include "threads/thread_life.hpp"

namespace threadwise::python {

/// Before Thread.__init__() there is nothing but null.
struct ThreadCore {
    std::shared_ptr<ThreadLife> life;
    PyObject* target = nullptr;  ///< null after run()
    PyObject* args = nullptr;
    PyObject* kwargs = nullptr;
    PyObject* name = nullptr;
    PyObject* context = nullptr;
    PyObject* started = nullptr;      ///< an Event
    PyObject* handle = nullptr;       ///< a _ThreadHandle
    PyObject* stderr_file = nullptr;  ///< sys.stderr when the thread was made
    char daemonic = 0;
    char initialized = 0;

    /// A thread that has not been started; false with an exception set without memory.
    bool renew_life();

    template <class Visit>
    void visit_references(Visit visit) {
        for (PyObject** reference : {&target, &args, &kwargs, &name, &context, &started, &handle, &stderr_file}) {
            visit(*reference);
        }
    }
};

/// Objects of Thread are of no layout of their own, so that a class may derive from Thread and from any class besides.
/// What there is of one is this object in its dictionary: once Thread.__init__() has been called, or something was set.
struct ThreadCoreObject {
    PyObject_HEAD PyObject* weak_references;
    ThreadCore core;
};

/// Keeps the core of a Thread object while a function works with it. May be none.
class ThreadRef {
public:
    ThreadRef() noexcept = default;
    explicit ThreadRef(Ref object) noexcept : object_(std::move(object)) {}

    explicit operator bool() const noexcept { return static_cast<bool>(object_); }
    ThreadCore* operator->() const noexcept { return &**this; }
    ThreadCore& operator*() const noexcept { return as<ThreadCoreObject>(object_.get()).core; }
    /// The object whose critical section guards the core's references.
    PyObject* object() const noexcept { return object_.get(); }

    /// That of the Thread object; none, without an exception, if it has none yet.
    static ThreadRef find(PyObject* thread);
    /// The same, and it is made if need be; none with an exception set on failure.
    static ThreadRef find_or_make(PyObject* thread);

private:
    Ref object_;
};

}  // namespace threadwise::python
