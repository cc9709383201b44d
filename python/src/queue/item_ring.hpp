#pragma once

/// \file
/// The references that a queue holds, in one piece of memory.

#include <Python.h>

#include <cstddef>
#include <cstdlib>
#include <utility>

namespace threadwise::python {

/// A ring of owned references that grows as needed. It neither makes nor drops references itself: it may be used under
/// a lock, and without being attached to an interpreter.
class ItemRing {
public:
    ItemRing() noexcept = default;
    ItemRing(ItemRing&& other) noexcept
        : items_(std::exchange(other.items_, nullptr)),
          capacity_(std::exchange(other.capacity_, 0)),
          first_(std::exchange(other.first_, 0)),
          size_(std::exchange(other.size_, 0)) {}
    ItemRing& operator=(ItemRing&&) = delete;
    ~ItemRing() { std::free(items_); }

    std::size_t size() const noexcept { return size_; }

    /// The item at that place, counted from the oldest.
    PyObject*& operator[](std::size_t place) noexcept { return items_[(first_ + place) & (capacity_ - 1)]; }

    /// False: there is no memory.
    [[nodiscard]] bool push(PyObject* item) noexcept {
        if (size_ == capacity_ && !grow()) [[unlikely]]
            return false;
        (*this)[size_++] = item;
        return true;
    }

    PyObject* pop_oldest() noexcept {
        PyObject* const item = (*this)[0];
        ++first_;
        --size_;
        return item;
    }

    PyObject* pop_newest() noexcept { return (*this)[--size_]; }

private:
    static constexpr std::size_t first_capacity = 8;

    bool grow() noexcept {
        const std::size_t capacity = capacity_ == 0 ? first_capacity : 2 * capacity_;
        auto** const items = static_cast<PyObject**>(std::malloc(capacity * sizeof(PyObject*)));
        if (items == nullptr) return false;
        for (std::size_t i = 0; i < size_; ++i) items[i] = (*this)[i];
        std::free(std::exchange(items_, items));
        capacity_ = capacity;
        first_ = 0;
        return true;
    }

    PyObject** items_ = nullptr;
    std::size_t capacity_ = 0;  // 0 or a power of two
    std::size_t first_ = 0;     // counts on for ever; its low bits are the place
    std::size_t size_ = 0;
};

}  // namespace threadwise::python
