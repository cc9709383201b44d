#pragma once
// shared_span: the bytes of a SharedMemory as values of one type.
//
//     multiprocessing::SharedMemory memory(1000 * sizeof(double));
//     multiprocessing::shared_span<double> numbers(memory);  // 1000 of them
//     numbers[7] = 0.5;
//
// It is a std::span with a checked beginning: it owns nothing, so the SharedMemory must outlive it. The
// processes have to agree which of them may write when, by a lock in the same memory for one.

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "threadwise/detail/multiprocessing/shareable.hpp"
#include "threadwise/errors.hpp"
#include "threadwise/multiprocessing/shared_memory.hpp"

namespace threadwise::multiprocessing {

/// Values of type T, as many as there are, one after another.
template <class T>
class shared_span : public std::span<T> {
    static_assert(detail::is_plain<T>,
                  "what processes share must be trivially copyable and no pointer: a string, a vector or an address "
                  "means nothing in another process");

public:
    /// From the byte `offset` on, `count` values; without it as many as fit. Throws ValueError if they do not fit, or
    /// if T cannot begin at that byte.
    explicit shared_span(const SharedMemory& memory, std::size_t offset = 0,
                         std::optional<std::size_t> count = std::nullopt)
        : std::span<T>(first_of(memory, offset), count_of(memory, offset, count)) {}

private:
    static T* first_of(const SharedMemory& memory, std::size_t offset) {
        const std::span<std::byte> bytes = memory.buf();
        if (offset > bytes.size()) {
            throw ValueError("a shared_span can't begin at byte " + std::to_string(offset) + " of " +
                             std::to_string(bytes.size()));
        }
        if (offset % alignof(T) != 0) {
            throw ValueError("a shared_span of this type must begin at a multiple of " + std::to_string(alignof(T)) +
                             " bytes, and not at " + std::to_string(offset));
        }
        return reinterpret_cast<T*>(bytes.data() + offset);
    }

    static std::size_t count_of(const SharedMemory& memory, std::size_t offset, std::optional<std::size_t> count) {
        const std::size_t fitting = (memory.size() - offset) / sizeof(T);
        if (count.value_or(0) > fitting) {
            throw ValueError("the shared memory has room for " + std::to_string(fitting) +
                             " such values, and not for " + std::to_string(*count));
        }
        return count.value_or(fitting);
    }
};

}  // namespace threadwise::multiprocessing
