#pragma once

/// \file
/// Both worlds on one object: a Queue, SimpleQueue, Event, Lock or Future that was made in Python, used from C++
/// threads that do not hold the interpreter's lock; and C++ functions that Python code, or a pool, calls.
///
/// For extension modules: add threadwise.get_include() to the include path; nothing needs to be linked. Needs C++20 and
/// Python 3.10.
///
/// \code
///     threadwise::py::Queue<double> queue(object);   // on a thread with the interpreter's lock
///     queue.put(0.5);                                // on any thread, without it
///     module.add("norm", threadwise::py::export_function("norm", [](double x, double y) { return std::hypot(x, y);
///     }));
/// \endcode
///
/// Handles are made by a thread that holds the interpreter's lock, and may be destroyed by any; all other functions are
/// to be called without it. (Called with it, they let it go while they work.) What waits takes a time in seconds and
/// waits without the interpreter's lock. They throw std::runtime_error where Python would raise.

#include <Python.h>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace threadwise::py {

/// For ever, as a time in seconds.
inline constexpr double forever = std::numeric_limits<double>::infinity();

/// A value of C++'s on its way through a queue. It becomes a Python object only if Python takes it.
struct NativeItem {
    const void* type;                       ///< says which type it is: see Native
    PyObject* (*to_python)(NativeItem*);    ///< a new reference; with the interpreter's lock held
    void (*destroy)(NativeItem*) noexcept;  ///< with or without it
};

/// What the extension module offers under the name of a capsule. None of these functions needs the interpreter's lock.
struct Interface {
    static constexpr const char* capsule_name = "threadwise._threadwise._interface";
    static constexpr int current_version = 1;

    enum Outcome : int {
        done,       ///< it has been done
        timed_out,  ///< not within the time
        shut_down,  ///< the queue is
        python,     ///< it takes Python code, or moves a Python object: call the method of that name instead
    };

    int version;
    Outcome (*queue_put)(PyObject* queue, NativeItem* item, double seconds);
    Outcome (*queue_get)(PyObject* queue, NativeItem** item, double seconds);
    Outcome (*future_wait)(PyObject* future, double seconds);
    Outcome (*event_wait)(PyObject* event, double seconds);
    void (*event_set)(PyObject* event);
    Outcome (*lock_acquire)(PyObject* lock, double seconds);
    bool (*lock_release)(PyObject* lock);  ///< false: it was not held
    /// 'q' for a Queue or SimpleQueue, 'f' for a Future, 'e' for an Event, 'l' for a Lock; 0 for anything else.
    char (*kind)(PyObject* object);
};

namespace detail {

/// Holds the interpreter's lock for a scope, whether this thread has it already or not.
class Attached {
public:
    Attached() : state_(PyGILState_Ensure()) {}
    ~Attached() { PyGILState_Release(state_); }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

private:
    PyGILState_STATE state_;
};

/// Lets the interpreter's lock go for a scope, if this thread has it.
class Detached {
public:
    Detached() : state_(PyGILState_Check() != 0 ? PyEval_SaveThread() : nullptr) {}
    ~Detached() {
        if (state_ != nullptr) PyEval_RestoreThread(state_);
    }
    Detached(const Detached&) = delete;
    Detached& operator=(const Detached&) = delete;

private:
    PyThreadState* state_;
};

/// Turns the Python exception that is set into a C++ one.
[[noreturn]] inline void throw_python_error() {
    PyObject* type = nullptr;
    PyObject* value = nullptr;
    PyObject* traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject* const text = value != nullptr ? PyObject_Str(value) : nullptr;
    const char* const words = text != nullptr ? PyUnicode_AsUTF8(text) : nullptr;
    const std::string what = std::string(type != nullptr ? reinterpret_cast<PyTypeObject*>(type)->tp_name : "error") +
                             ": " + (words != nullptr ? words : "");
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    throw std::runtime_error(what);
}

inline const Interface& interface() {
    static const Interface* const found = [] {
        const Attached attached;
        PyObject* const module = PyImport_ImportModule("threadwise._threadwise");
        Py_XDECREF(module);
        const void* const pointer = module != nullptr ? PyCapsule_Import(Interface::capsule_name, 0) : nullptr;
        if (pointer == nullptr) throw_python_error();
        return static_cast<const Interface*>(pointer);
    }();
    if (found->version != Interface::current_version) {
        throw std::runtime_error("threadwise/python.hpp is not that of the threadwise that is installed: build again");
    }
    return *found;
}

/// From and to Python objects, with the interpreter's lock held. to_python() returns a new reference, or null with an
/// exception set; from_python() throws.
template <class T>
struct Convert;

template <std::floating_point T>
struct Convert<T> {
    static PyObject* to_python(T value) { return PyFloat_FromDouble(static_cast<double>(value)); }
    static T from_python(PyObject* object) {
        const double value = PyFloat_AsDouble(object);
        if (value == -1 && PyErr_Occurred() != nullptr) throw_python_error();
        return static_cast<T>(value);
    }
};

template <std::integral T>
struct Convert<T> {
    static PyObject* to_python(T value) {
        if constexpr (std::same_as<T, bool>) {
            return PyBool_FromLong(value);
        } else if constexpr (std::is_signed_v<T>) {
            return PyLong_FromLongLong(value);
        } else {
            return PyLong_FromUnsignedLongLong(value);
        }
    }
    static T from_python(PyObject* object) {
        if constexpr (std::same_as<T, bool>) {
            const int value = PyObject_IsTrue(object);
            if (value < 0) throw_python_error();
            return value != 0;
        } else if constexpr (std::is_signed_v<T>) {
            return narrow(PyLong_AsLongLong(object));
        } else {
            return narrow(PyLong_AsUnsignedLongLong(object));
        }
    }

private:
    template <class Wide>
    static T narrow(Wide value) {
        if (value == static_cast<Wide>(-1) && PyErr_Occurred() != nullptr) throw_python_error();
        if (!std::in_range<T>(value)) throw std::runtime_error("OverflowError: the number does not fit");
        return static_cast<T>(value);
    }
};

/// str, in UTF-8.
template <>
struct Convert<std::string> {
    static PyObject* to_python(const std::string& value) {
        return PyUnicode_FromStringAndSize(value.data(), static_cast<Py_ssize_t>(value.size()));
    }
    static std::string from_python(PyObject* object) {
        Py_ssize_t size = 0;
        const char* const data = PyUnicode_AsUTF8AndSize(object, &size);
        if (data == nullptr) throw_python_error();
        return {data, static_cast<std::size_t>(size)};
    }
};

template <class T>
struct Native : NativeItem {
    explicit Native(T given) : NativeItem{&identity, to_python_object, destroy_item}, value(std::move(given)) {}

    static PyObject* to_python_object(NativeItem* item) {
        return Convert<T>::to_python(static_cast<Native*>(item)->value);
    }
    static void destroy_item(NativeItem* item) noexcept { delete static_cast<Native*>(item); }

    static inline const char identity = 0;
    T value;
};

}  // namespace detail

/// A reference to a Python object that may be dropped, moved and destroyed without the interpreter's lock, and is made
/// with it.
class Object {
public:
    /// Throws std::invalid_argument if that is no object of the kind.
    Object(PyObject* object, char kind, const char* name) : object_(object) {
        if (detail::interface().kind(object) != kind) {
            throw std::invalid_argument(std::string("not a ") + name + " of threadwise's: a '" +
                                        Py_TYPE(object)->tp_name + "'");
        }
        Py_INCREF(object);
    }
    Object(Object&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Object& operator=(Object other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Object() {
        if (object_ == nullptr) return;
        const detail::Attached attached;
        Py_DECREF(object_);
    }

    PyObject* get() const noexcept { return object_; }

private:
    PyObject* object_;
};

/// A Queue, LifoQueue, PriorityQueue or SimpleQueue of values of type T: a number, bool or std::string. What C++ puts
/// and C++ gets never meets the interpreter; otherwise its lock is held while a value is converted. (Always so for a
/// PriorityQueue, and for a queue whose parts, as its `mutex`, are in use.)
template <class T>
class Queue {
public:
    explicit Queue(PyObject* queue) : object_(queue, 'q', "queue") {}

    /// False: there was no room within that time. Throws if the queue is shut down, as get() does.
    bool put(T value, double seconds = forever) {
        using Item = detail::Native<T>;
        auto item = std::make_unique<Item>(std::move(value));
        const detail::Detached detached;
        switch (detail::interface().queue_put(object_.get(), item.get(), seconds)) {
            case Interface::done: item.release(); return true;
            case Interface::timed_out: return false;
            case Interface::shut_down: throw std::runtime_error("ShutDown");
            case Interface::python: break;
        }
        const detail::Attached attached;
        PyObject* const object = Item::to_python_object(item.get());
        if (object == nullptr) detail::throw_python_error();
        const bool put = call("put", object, seconds) != nullptr;
        Py_DECREF(object);
        return put;
    }

    /// False: there was no item within that time. Throws if it is not of type T; then it is lost.
    bool get(T& value, double seconds = forever) {
        using Item = detail::Native<T>;
        NativeItem* item = nullptr;
        const detail::Detached detached;
        switch (detail::interface().queue_get(object_.get(), &item, seconds)) {
            case Interface::done: {
                const std::unique_ptr<NativeItem, void (*)(NativeItem*)> owner(item, item->destroy);
                if (item->type == &Item::identity) {
                    value = std::move(static_cast<Item*>(item)->value);
                } else {
                    const detail::Attached attached;
                    take(value, item->to_python(item));
                }
                return true;
            }
            case Interface::timed_out: return false;
            case Interface::shut_down: throw std::runtime_error("ShutDown");
            case Interface::python: break;
        }
        const detail::Attached attached;
        PyObject* const object = call("get", nullptr, seconds);
        if (object != nullptr) take(value, object);
        return object != nullptr;
    }

private:
    static void take(T& value, PyObject* object) {
        if (object == nullptr) detail::throw_python_error();
        const std::unique_ptr<PyObject, void (*)(PyObject*)> owner(object, [](PyObject* old) { Py_DECREF(old); });
        value = detail::Convert<T>::from_python(object);
    }

    /// queue.put(item, True, seconds) or queue.get(True, seconds); null if it was full or empty. Throws all else. What
    /// put() returns is borrowed.
    PyObject* call(const char* method, PyObject* item, double seconds) {
        PyObject* const time = std::isinf(seconds) ? Py_NewRef(Py_None) : PyFloat_FromDouble(seconds);
        PyObject* const result = item != nullptr
                                     ? PyObject_CallMethod(object_.get(), method, "OON", item, Py_True, time)
                                     : PyObject_CallMethod(object_.get(), method, "ON", Py_True, time);
        if (result != nullptr) {
            if (item != nullptr) Py_DECREF(result);
            return result;
        }
        PyObject* const raised = PyErr_Occurred();
        const std::string name = reinterpret_cast<PyTypeObject*>(raised)->tp_name;
        if (!name.ends_with("Full") && !name.ends_with("Empty")) detail::throw_python_error();
        PyErr_Clear();
        return nullptr;
    }

    Object object_;
};

/// An Event.
class Event {
public:
    explicit Event(PyObject* event) : object_(event, 'e', "Event") {}

    void set() {
        const detail::Detached detached;
        detail::interface().event_set(object_.get());
    }
    /// False: it was not set within that time.
    bool wait(double seconds = forever) {
        const detail::Detached detached;
        return detail::interface().event_wait(object_.get(), seconds) == Interface::done;
    }

private:
    Object object_;
};

/// A Lock; meets the standard's BasicLockable.
class Lock {
public:
    explicit Lock(PyObject* lock) : object_(lock, 'l', "Lock") {}

    /// False: it was not free within that time.
    bool acquire(double seconds = forever) {
        const detail::Detached detached;
        return detail::interface().lock_acquire(object_.get(), seconds) == Interface::done;
    }
    void lock() { acquire(); }
    /// Throws if it is not held.
    void unlock() {
        if (!detail::interface().lock_release(object_.get())) throw std::runtime_error("release unlocked lock");
    }

private:
    Object object_;
};

/// A Future whose result is of type T.
template <class T>
class Future {
public:
    explicit Future(PyObject* future) : object_(future, 'f', "Future") {}

    /// False: it is not done within that time.
    bool wait(double seconds = forever) const {
        const detail::Detached detached;
        return detail::interface().future_wait(object_.get(), seconds) == Interface::done;
    }

    /// Waits, and throws what Python would raise.
    T result(double seconds = forever) const {
        if (!wait(seconds)) throw std::runtime_error("TimeoutError: the future was not done within the time");
        const detail::Attached attached;
        PyObject* const object = PyObject_CallMethod(object_.get(), "result", nullptr);
        if (object == nullptr) detail::throw_python_error();
        const std::unique_ptr<PyObject, void (*)(PyObject*)> owner(object, [](PyObject* old) { Py_DECREF(old); });
        return detail::Convert<T>::from_python(object);
    }

    void set_result(const T& value) const {
        const detail::Attached attached;
        PyObject* const object = detail::Convert<T>::to_python(value);
        PyObject* const none =
            object != nullptr ? PyObject_CallMethod(object_.get(), "set_result", "O", object) : nullptr;
        Py_XDECREF(object);
        if (none == nullptr) detail::throw_python_error();
        Py_DECREF(none);
    }

private:
    Object object_;
};

namespace detail {

/// A callable of C++'s and what Python needs to know of it; belongs to a capsule.
template <class Function, class Result, class... Parameters>
class Exported {
public:
    Exported(std::string name, Function function)
        : name_(std::move(name)),
          function_(std::move(function)),
          definition_{name_.c_str(), reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call)), METH_FASTCALL,
                      nullptr} {}

    static PyObject* to_python(std::unique_ptr<Exported> exported) {
        PyObject* const capsule = PyCapsule_New(exported.get(), nullptr, [](PyObject* self) {
            delete static_cast<Exported*>(PyCapsule_GetPointer(self, nullptr));
        });
        if (capsule == nullptr) return nullptr;
        PyObject* const function = PyCFunction_New(&exported.release()->definition_, capsule);
        Py_DECREF(capsule);
        return function;
    }

private:
    static PyObject* call(PyObject* capsule, PyObject* const* arguments, Py_ssize_t count) {
        auto& self = *static_cast<Exported*>(PyCapsule_GetPointer(capsule, nullptr));
        if (count != sizeof...(Parameters)) {
            return PyErr_Format(PyExc_TypeError, "%s() takes %zu arguments (%zd given)", self.name_.c_str(),
                                sizeof...(Parameters), count);
        }
        try {
            return self.apply(arguments, std::index_sequence_for<Parameters...>());
        } catch (const std::exception& error) {
            return PyErr_Format(PyExc_RuntimeError, "%s(): %s", self.name_.c_str(), error.what());
        }
    }

    template <std::size_t... i>
    PyObject* apply(PyObject* const* arguments, std::index_sequence<i...>) {
        std::tuple<std::decay_t<Parameters>...> values{Convert<std::decay_t<Parameters>>::from_python(arguments[i])...};
        if constexpr (std::is_void_v<Result>) {
            {
                const Detached detached;
                std::apply(function_, values);
            }
            Py_RETURN_NONE;
        } else {
            const Result result = [&] {
                const Detached detached;
                return std::apply(function_, values);
            }();
            return Convert<std::decay_t<Result>>::to_python(result);
        }
    }

    std::string name_;
    Function function_;
    PyMethodDef definition_;
};

template <class Function, class Member>
struct ExportedAs;
template <class Function, class Result, class Class, class... Parameters>
struct ExportedAs<Function, Result (Class::*)(Parameters...) const> {
    using type = Exported<Function, Result, Parameters...>;
};

}  // namespace detail

/// A Python function, as a new reference, that calls a C++ one: a lambda, or anything with one const call operator,
/// whose parameters and result are numbers, bools and strings. It runs without the interpreter's lock, so that calls
/// from several threads, such as a pool's, run at once. What it throws is raised as RuntimeError. Null with an
/// exception set on failure. To be called with the interpreter's lock held.
template <class Function>
PyObject* export_function(std::string name, Function function) {
    using Exported = typename detail::ExportedAs<Function, decltype(&Function::operator())>::type;
    return Exported::to_python(std::make_unique<Exported>(std::move(name), std::move(function)));
}

}  // namespace threadwise::py
