#pragma once

/// \file
/// What the threads keep in one thread-local object: a dictionary for each.
///
/// The object owns the dictionaries, so that the collector finds what they refer to. Each thread has a table besides,
/// in which it finds its own at the object's slot, without a search and without a lock; the table lives in the
/// thread's state, and when that goes, the thread's dictionaries go with it.

#include <Python.h>

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "base/reference.hpp"
#include "threadwise/lock.hpp"

namespace threadwise::python {

class LocalTable;

class LocalValues : public std::enable_shared_from_this<LocalValues> {
public:
    LocalValues();
    ~LocalValues();
    LocalValues(const LocalValues&) = delete;
    LocalValues& operator=(const LocalValues&) = delete;

    /// The calling thread's dictionary, borrowed; null without an exception if it has none.
    PyObject* find() const;
    /// Makes one for the calling thread, unless it has one by now; borrowed. Null with an exception set without memory.
    PyObject* add();
    /// Takes out the calling thread's.
    Ref remove();
    /// Gives up those of all threads. Nobody may use the object any more.
    void clear();

    /// For the collector.
    template <class Visit>
    int visit(Visit visit) const {
        for (const auto& [table, dictionary] : dictionaries_) {
            if (const int result = visit(dictionary); result != 0) return result;
        }
        return 0;
    }

private:
    friend class LocalTable;

    Ref take(const LocalTable& table);

    std::size_t slot_;
    Lock lock_;  ///< held for a few instructions, and never while anything of Python runs
    std::unordered_map<const LocalTable*, PyObject*> dictionaries_;
};

}  // namespace threadwise::python
