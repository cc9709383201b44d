#pragma once
// What a Thread is made of: the part that outlives the Thread object while the thread runs.

#include <cstddef>
#include <memory>
#include <stop_token>
#include <typeinfo>

#include "runtime/records/thread_record.hpp"
#include "threadwise/detail/threads/target.hpp"

namespace threadwise {

class Thread;

struct ThreadState final : runtime::ThreadRecord {
    ThreadState() : ThreadRecord(Origin::started) {}

    std::unique_ptr<detail::Target> target;
    const std::type_info* plain = nullptr;  ///< the class of the library that was made: its run() only calls the target
    Thread* object = nullptr;               ///< the object whose overridden run() is called; null: the target alone
    void (*run_object)(Thread&) = nullptr;
    std::stop_source stop;
    std::size_t stack_size = 0;

    /// What the native thread does.
    static void main(void* first);

private:
    void run();
};

}  // namespace threadwise
