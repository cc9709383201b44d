#pragma once

/// \file
/// threadwise.threading's Event and Lock in C++.

#include <Python.h>

#include "errors.hpp"
#include "forever.hpp"
#include "object.hpp"

namespace threadwise::py {

/// An Event.
class Event {
public:
    /// One that was made in Python. Throws std::invalid_argument if it is none. With the interpreter's lock held.
    explicit Event(PyObject* event) : object_(event, 'e', "Event") {}
    /// A new one. Takes the interpreter's lock.
    static Event make() { return detail::make<Event>("threadwise.threading", "Event", nullptr); }

    /// The event for Python; borrowed.
    PyObject* object() const noexcept { return object_.get(); }

    bool is_set() const { return detail::interface().event_is_set(object()); }
    void set() {
        const detail::Detached detached;
        detail::interface().event_set(object());
    }
    void clear() { detail::interface().event_clear(object()); }
    /// False: it was not set within that time.
    bool wait(double seconds = forever) const {
        const detail::Detached detached;
        return detail::interface().event_wait(object(), seconds) == Interface::done;
    }

private:
    Object object_;
};

/// A Lock; meets the standard's Lockable.
class Lock {
public:
    /// One that was made in Python. Throws std::invalid_argument if it is none. With the interpreter's lock held.
    explicit Lock(PyObject* lock) : object_(lock, 'l', "Lock") {}
    /// A new one. Takes the interpreter's lock.
    static Lock make() { return detail::make<Lock>("threadwise.threading", "Lock", nullptr); }

    /// The lock for Python; borrowed.
    PyObject* object() const noexcept { return object_.get(); }

    /// False: it was not free within that time.
    bool acquire(double seconds = forever) {
        const detail::Detached detached;
        return detail::interface().lock_acquire(object(), seconds) == Interface::done;
    }
    void lock() { acquire(); }
    bool try_lock() { return acquire(0); }
    /// Throws Error if it is not held.
    void unlock() {
        if (!detail::interface().lock_release(object())) throw Error("RuntimeError", "release unlocked lock");
    }

private:
    Object object_;
};

}  // namespace threadwise::py
