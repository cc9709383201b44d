#pragma once
// Shared: one object in memory that processes share.
//
//     struct Board {
//         multiprocessing::Lock lock;
//         int numbers[100];
//     };
//     multiprocessing::Shared<Board> board;  // anonymous memory with a Board in it
//     std::scoped_lock hold(board->lock);
//     board->numbers[7] = 1;
//
// Forked children see the same object; another process gets its descriptor and attaches to it:
// `Shared<Board>::attach(descriptor)`. The object is never destroyed: its memory goes with the last process that has
// it. So its type has to have nothing to destroy. Nor may it have pointers or references in it, which the compiler does
// not see; the locks and events of threadwise::multiprocessing have none.

#include <new>
#include <type_traits>
#include <utility>

#include "threadwise/errors.hpp"
#include "threadwise/multiprocessing/shared_memory.hpp"

namespace threadwise::multiprocessing {

/// Owns one view of the memory, and can be moved. Which thread may use the object when is for the object's own
/// locks to say.
template <class T>
class Shared {
    static_assert(
        std::is_trivially_destructible_v<T> && !std::is_pointer_v<T> && !std::is_reference_v<T>,
        "what processes share must need no destructor and be no pointer: a string, a vector or an address means "
        "nothing in another process");

public:
    /// Makes the object of these arguments, which may be an aggregate's members. Throws what its constructor throws,
    /// and OSError if the system gives no memory.
    template <class... Arguments>
        requires(std::is_constructible_v<T, Arguments...> ||
                 requires(Arguments && ... arguments) { T{std::forward<Arguments>(arguments)...}; })
    explicit Shared(Arguments&&... arguments) : memory_(sizeof(T)) {
        void* const place = memory_.buf().data();
        if constexpr (std::is_constructible_v<T, Arguments...>) {
            ::new (place) T(std::forward<Arguments>(arguments)...);
        } else {
            ::new (place) T{std::forward<Arguments>(arguments)...};
        }
    }

    /// The object behind the descriptor of another process's fileno(). Throws ValueError if there is another type's.
    static Shared attach(int descriptor) { return Shared(SharedMemory::from_descriptor(descriptor), Attached{}); }

    /// Throw ValueError for one that was moved from.
    ///@{
    T& operator*() const { return *get(); }
    T* operator->() const { return get(); }
    ///@}

    /// What attach() takes in another process. -1: it was moved from.
    int fileno() const noexcept { return memory_.fileno(); }

private:
    struct Attached {};

    Shared(SharedMemory memory, Attached) : memory_(std::move(memory)) {
        if (memory_.size() != sizeof(T))
            throw ValueError("the shared memory behind this descriptor holds another type");
    }

    T* get() const { return std::launder(reinterpret_cast<T*>(memory_.buf().data())); }

    SharedMemory memory_;
};

}  // namespace threadwise::multiprocessing
