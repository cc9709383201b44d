#pragma once
// Value, Array: a number, or a row of them, that processes share, with a lock (Python: multiprocessing.Value, .Array).
//
//     multiprocessing::Value<int> counter(0);
//     {
//         std::scoped_lock hold(counter);    // counter.get_lock() is the RLock itself
//         counter.get_obj() += 1;
//     }
//     multiprocessing::Array<double> row(100);
//     row.set(7, 0.5);
//
// Forked children see the same values; other processes attach() to the descriptor. get() and set() take the lock for as
// long as they take; whatever else belongs together is to be done under it. If a process died while it held the lock,
// get() and set() throw OwnerDiedError as any other acquisition: get_lock().recover() comes first.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <span>
#include <string>
#include <utility>

#include "threadwise/detail/multiprocessing/shareable.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/multiprocessing/rlock.hpp"
#include "threadwise/multiprocessing/shared.hpp"
#include "threadwise/multiprocessing/shared_memory.hpp"
#include "threadwise/multiprocessing/shared_span.hpp"

namespace threadwise::multiprocessing {

/// One value of type T. May be moved; used by all threads of all processes that share it.
template <class T>
class Value {
    static_assert(detail::is_plain<T>,
                  "what processes share must be trivially copyable and no pointer: a string, a vector or an address "
                  "means nothing in another process");

public:
    using value_type = T;

    /// Throws OSError if the system gives no memory.
    explicit Value(const T& value = T{}) : cell_(value) {}

    /// The value behind the descriptor of another process's fileno().
    static Value attach(int descriptor) { return Value(Shared<Cell>::attach(descriptor)); }

    /// What it is, and what it is to be, under the lock.
    T get() const {
        const std::scoped_lock hold(cell_->lock);
        return cell_->value;
    }
    void set(const T& value) const {
        const std::scoped_lock hold(cell_->lock);
        cell_->value = value;
    }

    /// The value itself, for who holds the lock or needs none.
    T& get_obj() const { return cell_->value; }
    RLock& get_lock() const { return cell_->lock; }

    /// The lock's.
    void lock(SourceLocation where = SourceLocation::current()) const { cell_->lock.lock(where); }
    bool try_lock() const { return cell_->lock.try_lock(); }
    void unlock() const { cell_->lock.unlock(); }

    int fileno() const noexcept { return cell_.fileno(); }

private:
    struct Cell {
        explicit Cell(const T& first) : value(first) {}

        RLock lock;
        T value;
    };

    explicit Value(Shared<Cell> cell) : cell_(std::move(cell)) {}

    Shared<Cell> cell_;
};

/// `size()` values of type T. May be moved; used by all threads of all processes that share it.
template <class T>
class Array {
public:
    using value_type = T;

    /// So many, all zero; or as many as there are in `values`. Throws ValueError for none, OSError if the system gives
    /// no memory.
    explicit Array(std::size_t size) : Array(SharedMemory(bytes_for(size))) { ::new (memory_.buf().data()) RLock(); }
    explicit Array(std::span<const T> values) : Array(values.size()) {
        std::copy(values.begin(), values.end(), get_obj().begin());
    }

    /// The values behind the descriptor of another process's fileno(). Throws ValueError for memory that no such Array
    /// has made, as far as its size tells.
    static Array attach(int descriptor) {
        Array array(SharedMemory::from_descriptor(descriptor));
        const std::size_t size = array.memory_.size();
        if (size < offset + sizeof(T) || (size - offset) % sizeof(T) != 0) {
            throw ValueError("the shared memory behind this descriptor holds no Array of this type");
        }
        return array;
    }

    std::size_t size() const noexcept { return (memory_.size() - offset) / sizeof(T); }

    /// The value at that index, and what it is to be, under the lock. Throw ValueError beyond the end.
    T get(std::size_t index) const {
        const std::scoped_lock hold(get_lock());
        return at(index);
    }
    void set(std::size_t index, const T& value) const {
        const std::scoped_lock hold(get_lock());
        at(index) = value;
    }

    /// The values themselves, for who holds the lock or needs none.
    shared_span<T> get_obj() const { return shared_span<T>(memory_, offset); }
    RLock& get_lock() const { return *std::launder(reinterpret_cast<RLock*>(memory_.buf().data())); }

    /// The lock's.
    void lock(SourceLocation where = SourceLocation::current()) const { get_lock().lock(where); }
    bool try_lock() const { return get_lock().try_lock(); }
    void unlock() const { get_lock().unlock(); }

    int fileno() const noexcept { return memory_.fileno(); }

private:
    /// Where the first value lies, behind the lock.
    static constexpr std::size_t offset = (sizeof(RLock) + alignof(T) - 1) / alignof(T) * alignof(T);

    explicit Array(SharedMemory memory) : memory_(std::move(memory)) {}

    static std::size_t bytes_for(std::size_t size) {
        if (size == 0) throw ValueError("an Array of processes must have a value or more, and not 0");
        if (size > (SIZE_MAX - offset) / sizeof(T)) throw ValueError("so many values fit into no memory");
        return offset + size * sizeof(T);
    }

    T& at(std::size_t index) const {
        if (index >= size()) {
            throw ValueError("there is no value at index " + std::to_string(index) + ": the Array has " +
                             std::to_string(size()));
        }
        return get_obj()[index];
    }

    SharedMemory memory_;
};

}  // namespace threadwise::multiprocessing
