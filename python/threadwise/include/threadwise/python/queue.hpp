#pragma once

/// \file
/// threadwise.queue in C++.

#include <Python.h>

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "convert.hpp"
#include "forever.hpp"
#include "object.hpp"

namespace threadwise::py {

/// A Queue, LifoQueue, PriorityQueue or SimpleQueue of values of type T: a number, bool or std::string, or what there
/// is a Convert for. What C++ puts and C++ gets never meets the interpreter; otherwise its lock is held while a value
/// is converted. (Always so for a PriorityQueue, and for a queue whose parts, as its `mutex`, are in use.)
///
/// What is taken out counts as unfinished, as in Python, until somebody calls task_done().
template <class T>
class Queue {
public:
    /// One that was made in Python. Throws std::invalid_argument if it is none. With the interpreter's lock held.
    explicit Queue(PyObject* queue) : object_(queue, 'q', "queue") {}
    /// A new one, for at most so many items; 0: any number. Takes the interpreter's lock.
    static Queue make(std::size_t maxsize = 0) {
        return detail::make<Queue>("threadwise.queue", "Queue", "(n)", static_cast<Py_ssize_t>(maxsize));
    }

    /// The queue for Python; borrowed.
    PyObject* object() const noexcept { return object_.get(); }

    /// False: there was no room within that time. Throws Error if the queue is shut down, as get() does.
    bool put(T value, double seconds = forever) {
        using Item = detail::Native<T>;
        auto item = std::make_unique<Item>(std::move(value));
        const detail::Detached detached;
        switch (detail::interface().queue_put(object(), item.get(), seconds)) {
            case Interface::done: item.release(); return true;
            case Interface::timed_out: return false;
            case Interface::shut_down: throw Error("ShutDown", "");
            case Interface::python: break;
        }
        const detail::Attached attached;
        const detail::Reference converted(detail::or_stay([&] { return Item::to_python_object(item.get()); }));
        if (!converted) detail::throw_python_error();
        return static_cast<bool>(detail::Reference(call("put", converted.get(), seconds)));
    }

    /// False: there was no item within that time. Throws Error if it is not of type T; then it is lost.
    bool get(T& value, double seconds = forever) {
        using Item = detail::Native<T>;
        NativeItem* item = nullptr;
        const detail::Detached detached;
        switch (detail::interface().queue_get(object(), &item, seconds)) {
            case Interface::done: {
                const std::unique_ptr<NativeItem, void (*)(NativeItem*)> owner(item, item->destroy);
                if (item->type == &Item::identity) {
                    value = std::move(static_cast<Item*>(item)->value);
                } else {
                    const detail::Attached attached;
                    take(value, detail::or_stay([&] { return item->to_python(item); }));
                }
                return true;
            }
            case Interface::timed_out: return false;
            case Interface::shut_down: throw Error("ShutDown", "");
            case Interface::python: break;
        }
        const detail::Attached attached;
        PyObject* const got = call("get", nullptr, seconds);
        if (got != nullptr) take(value, got);
        return got != nullptr;
    }

private:
    static void take(T& value, PyObject* owned) {
        const detail::Reference got(owned);
        if (!got) detail::throw_python_error();
        value = detail::or_stay([&] { return Convert<T>::from_python(got.get()); });
    }

    /// queue.put(item, True, seconds) or queue.get(True, seconds), a new reference; null if it was full or empty.
    /// Throws all else.
    PyObject* call(const char* method, PyObject* item, double seconds) {
        PyObject* const time = std::isinf(seconds) ? Py_NewRef(Py_None) : PyFloat_FromDouble(seconds);
        PyObject* const result =
            item != nullptr ? detail::guarded<PyObject_CallMethod>(object(), method, "OON", item, Py_True, time)
                            : detail::guarded<PyObject_CallMethod>(object(), method, "ON", Py_True, time);
        if (result != nullptr) return result;
        try {
            detail::throw_python_error();
        } catch (const Error& error) {
            if (error.type() != "Full" && error.type() != "Empty") throw;
        }
        return nullptr;
    }

    Object object_;
};

}  // namespace threadwise::py
