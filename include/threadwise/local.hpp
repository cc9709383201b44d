#pragma once

/// \file
/// Values of which every thread has its own. Python: docs.python.org/3/library/threading.html, "Thread-local data".

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "threadwise/export.hpp"

namespace threadwise {

namespace detail {

/// The part of a Local that does not depend on its type: each thread's pointer.
class THREADWISE_API LocalSlot {
public:
    LocalSlot();
    ~LocalSlot();
    LocalSlot(const LocalSlot&) = delete;
    LocalSlot& operator=(const LocalSlot&) = delete;

    void* find() const noexcept;
    void add(void* value, void (*destroy)(void*));
    void erase() noexcept;

private:
    std::size_t slot_;      ///< an index into each thread's table, used again
    std::uint64_t number_;  ///< of this Local alone: a value under another number was of an earlier user of the slot
};

}  // namespace detail

/// One T for each thread that asks, made when it first does.
///
///     threadwise::Local<std::mt19937> generator([] { return std::mt19937(std::random_device()()); });
///     ... (*generator)() ...   // in any thread
///
/// Unlike a `thread_local` variable it may be a member or come and go, and its initial value may be computed. A
/// thread's value is destroyed as the thread ends, by the thread, after its `thread_local` objects; or with the Local,
/// by the thread that destroys that. That goes for threads that threadwise did not start as well. A destructor that
/// uses a Local gives the ending thread another value, which is destroyed, too; but one that always makes another is
/// not called for ever: after some rounds, four at least as for POSIX's thread-specific data, what is left is never
/// destroyed. As the process ends, static Locals destroy the ending thread's value alone: daemons may be held in the
/// middle of using theirs.
///
/// All functions may be called by any thread at any time, but a Local must not be destroyed while others use it. Cost
/// of an access: some 3 ns.
template <class T>
class Local {
    static_assert(std::is_object_v<T>,
                  "threadwise::Local: what each thread has must be an object of its own, not a reference, function or "
                  "void: keep a pointer, or a std::reference_wrapper, instead of a reference");

public:
    /// Each thread begins with `T()`.
    Local() requires std::default_initializable<T> : Local([] { return T(); }) {}

    /// Each thread begins with what the factory returns; it is called by the thread itself, by several at once.
    explicit Local(std::function<T()> factory) : factory_(std::move(factory)) {}

    Local(const Local&) = delete;
    Local& operator=(const Local&) = delete;

    /// The calling thread's value. The first call throws what the factory throws, after which there is no value yet.
    T& get() const {
        if (void* const value = slot_.find()) return *static_cast<T*>(value);
        auto made = std::make_unique<T>(factory_());
        slot_.add(made.get(), [](void* value) { delete static_cast<T*>(value); });
        return *made.release();
    }
    T& operator*() const { return get(); }
    T* operator->() const { return &get(); }

    /// Whether the calling thread has a value by now.
    bool has_value() const noexcept { return slot_.find() != nullptr; }

    /// Destroys the calling thread's value; the next access begins anew.
    void reset() noexcept { slot_.erase(); }

private:
    std::function<T()> factory_;
    mutable detail::LocalSlot slot_;
};

}  // namespace threadwise
