#include "threadwise/detail/futures/failures.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#include "runtime/base/exception_of.hpp"
#include "threadwise/detail/futures/report.hpp"
#include "threadwise/executor_errors.hpp"

namespace threadwise::detail {

struct Failures::Failure {
    std::exception_ptr exception;
    Failure* next;

    /// Ends a list from which exceptions are missing for lack of memory. Only its address is used.
    static Failure* lost() noexcept {
        alignas(Failure) static constinit std::array<std::byte, sizeof(Failure)> mark{};
        return reinterpret_cast<Failure*>(mark.data());
    }

    static bool is_end(const Failure* failure) noexcept { return failure == nullptr || failure == lost(); }

    /// Deletes the first element of the list.
    static void drop(Failure*& first) noexcept { delete std::exchange(first, first->next); }
};

void Failures::drop_all() noexcept {
    Failure* first = first_.load(std::memory_order_acquire);  // acquire: pairs with fail()
    while (!Failure::is_end(first)) Failure::drop(first);
}

void Failures::fail(std::exception_ptr exception) noexcept {
    cancel();
    Failure* first = first_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
    auto* const failure = new (std::nothrow) Failure{nullptr, first};
    if (failure == nullptr) return report_lost(exception);
    failure->exception = std::move(exception);
    // release: pairs with rethrow().
    while (
        !first_.compare_exchange_weak(failure->next, failure, std::memory_order_release, std::memory_order_relaxed)) {}
}

void Failures::interrupt(const char* why) noexcept {
    // relaxed: decides which call keeps an exception, and publishes nothing.
    if (!interrupted_.exchange(true, std::memory_order_relaxed)) fail(runtime::exception_of<InterruptedError>(why));
}

void Failures::drop(const char* why) noexcept {
    // relaxed: as above
    if (!dropped_.exchange(true, std::memory_order_relaxed)) fail(runtime::exception_of<CancelledError>(why));
}

// Reports it on standard error, and makes rethrow() throw bad_alloc if nothing else was kept.
void Failures::report_lost(const std::exception_ptr& exception) {
    Failure* none = nullptr;
    first_.compare_exchange_strong(none, Failure::lost(), std::memory_order_release);  // release: as above
    report_exception("no memory to keep what a TaskGroup's task has thrown", exception);
}

void Failures::throw_all() {
    struct List {
        Failure* first;
        ~List() {
            while (!is_empty()) Failure::drop(first);
        }
        bool is_empty() const { return Failure::is_end(first); }
    } list{first_.exchange(nullptr, std::memory_order_acquire)};
    // relaxed: no task is left that could read them
    cancelled_.store(false, std::memory_order_relaxed);
    interrupted_.store(false, std::memory_order_relaxed);
    dropped_.store(false, std::memory_order_relaxed);
    if (list.is_empty()) throw std::bad_alloc();
    if (Failure::is_end(list.first->next)) std::rethrow_exception(list.first->exception);
    std::vector<std::exception_ptr> exceptions;
    for (; !list.is_empty(); Failure::drop(list.first)) exceptions.push_back(list.first->exception);
    std::reverse(exceptions.begin(), exceptions.end());
    throw ExceptionGroup("unhandled errors in a TaskGroup", std::move(exceptions));
}

}  // namespace threadwise::detail
