#include "threading/interpreter/interpreter_line.hpp"

namespace threadwise::detail {

void InterpreterLine::push_back(InterpreterWaiter& waiter) noexcept {
    waiter.next = nullptr;
    waiter.previous = last_;
    (last_ == nullptr ? first_ : last_->next) = &waiter;
    last_ = &waiter;
}

void InterpreterLine::push_front(InterpreterWaiter& waiter) noexcept {
    waiter.next = first_;
    waiter.previous = nullptr;
    (first_ == nullptr ? last_ : first_->previous) = &waiter;
    first_ = &waiter;
}

void InterpreterLine::remove(InterpreterWaiter& waiter) noexcept {
    (waiter.previous == nullptr ? first_ : waiter.previous->next) = waiter.next;
    (waiter.next == nullptr ? last_ : waiter.next->previous) = waiter.previous;
}

}  // namespace threadwise::detail
