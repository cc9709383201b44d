// What a thread of a ThreadPoolExecutor does: it takes calls out of the queue and makes them, those of C++ functions
// while it is detached from the interpreter.

#include <chrono>
#include <new>
#include <optional>
#include <utility>

#include "base/method.hpp"
#include "base/object.hpp"
#include "base/waiting.hpp"
#include "locks/semaphore.hpp"
#include "pool/pool.hpp"
#include "pool/spent_work.hpp"
#include "pool/work_item.hpp"
#include "queue/native_item.hpp"

namespace threadwise::python {
namespace {

/// Lets other threads have the interpreter every few milliseconds. The interpreter's loop does so too, but a callable
/// that is written in C never reaches it.
class Turn {
public:
    void pass_on() {
        if (++calls_ % calls_between_looks != 0) return;
        const auto now = Clock::now();
        if (now - begin_ < longest) return;
        attach(detach());
        begin_ = Clock::now();
    }
    /// The thread was detached just now: the turn begins anew.
    void begin() { begin_ = Clock::now(); }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr unsigned calls_between_looks = 64;
    static constexpr std::chrono::milliseconds longest{5};

    unsigned calls_ = 0;
    Clock::time_point begin_ = Clock::now();
};

/// A worker while it is detached: makes calls of C++ functions, and waits, until an item of the queue needs Python.
class DetachedShift {
public:
    DetachedShift(State& state, WorkQueueObject& queue) noexcept : spent_(*state.spent_work), queue_(queue) {}

    /// Attached: the worker has found the queue empty.
    void become_idle() noexcept {
        if (!std::exchange(idle_, true)) queue_.add_idle();
    }
    /// Attached: the worker has taken that call from the queue.
    void begin_with(NativeWork* work) noexcept { work_ = work; }

    /// Detached: false if nothing that needs Python came within that time.
    bool operator()(Timeout left) {
        for (;;) {
            if (idle_ && !wait(left)) return false;
            if (work_ == nullptr) {
                const QueueOutcome outcome = take();
                if (outcome == QueueOutcome::needs_python) return true;
                if (outcome != QueueOutcome::done) {
                    become_idle();
                    continue;
                }
            }
            if (!run_work()) return true;
        }
    }

    /// Attached, afterwards; false with an exception set.
    bool finish() {
        spent_.destroy_any();
        NativeWork* const work = std::exchange(work_, nullptr);
        if (work == nullptr) return true;
        const bool finished = finish_attached(*work, std::exchange(left_, LeftToDo::nothing));
        work->destroy(work);
        return finished;
    }

private:
    /// For how long spent calls wait for the next attached worker before the main thread is asked to destroy them.
    static constexpr std::chrono::milliseconds before_asking{10};

    /// Waits for an item. False: none came in time.
    bool wait(Timeout left) {
        const bool asks = !spent_.empty();
        waiter_.emplace(QueueWaiter::Kind::get, queue_.base.core.items(), &queue_, asks ? Timeout(before_asking) : left,
                        std::stop_token(), SourceLocation());
        if (waiter_->wait()) return true;
        if (asks) spent_.ask_main_thread();
        return asks;
    }

    /// Makes the call. False: something is left to do while attached.
    bool run_work() noexcept {
        left_ = run_native(*work_);
        if (left_ != LeftToDo::nothing) return false;
        NativeWork* const work = std::exchange(work_, nullptr);
        if (work->item == nullptr) {
            work->destroy(work);
        } else {
            spent_.add(*work);
        }
        return true;
    }

    QueueOutcome take() {
        PyObject* item = nullptr;
        const QueueOutcome outcome = queue_.base.core.get_native(item);
        if (outcome != QueueOutcome::done) return outcome;
        waiter_.reset();  // which wakes the next waiter if there are more items
        idle_ = false;
        work_ = as_native_work(item);
        return outcome;
    }

    SpentWork& spent_;
    WorkQueueObject& queue_;
    bool idle_ = false;
    NativeWork* work_ = nullptr;
    LeftToDo left_ = LeftToDo::nothing;
    std::optional<QueueWaiter> waiter_;
};

/// Whether the last call, or the initializer, has forked and this is the child: the queue is then the parent's.
bool belongs_to_parent(const State& state, const WorkQueueObject& queue) noexcept { return queue.forks != state.forks; }

/// As get(), after a first look at the queue: `item` is a call of a C++ function, or null if the queue was empty.
Ref get_after(PyObject* item, State& state, WorkQueueObject& queue, Turn& turn) {
    DetachedShift shift(state, queue);
    for (;;) {
        if (item == nullptr) {
            shift.become_idle();
        } else {
            shift.begin_with(as_native_work(item));
        }
        const Waited waited = wait_detached(forever, shift);
        turn.begin();
        if (!shift.finish() || waited == Waited::failed) return {};
        if (belongs_to_parent(state, queue)) return Ref::borrow(Py_None);
        item = nullptr;
        if (queue.base.core.get(item) == QueueOutcome::done && as_native_work(item) == nullptr) {
            return Ref::steal(to_object(item));
        }
    }
}

/// Waits for the next item that needs Python, in a queue of our own kind; null with an exception set if that failed.
Ref get(State& state, WorkQueueObject& queue, Turn& turn) {
    PyObject* item = nullptr;
    if (queue.base.core.get(item) == QueueOutcome::done && as_native_work(item) == nullptr) {
        return Ref::steal(to_object(item));
    }
    return get_after(item, state, queue, turn);
}

/// Counts the calling thread among the queue's workers while it lives.
class WorkerCount {
public:
    WorkerCount(const State& state, PyObject* queue) noexcept
        : queue_(is_work_queue(state, queue) ? &as<WorkQueueObject>(queue) : nullptr) {
        if (queue_ != nullptr) queue_->workers.fetch_add(1, std::memory_order_relaxed);  // relaxed: a count
    }
    ~WorkerCount() {
        if (queue_ != nullptr) queue_->workers.fetch_sub(1, std::memory_order_relaxed);
    }
    WorkerCount(const WorkerCount&) = delete;
    WorkerCount& operator=(const WorkerCount&) = delete;

private:
    WorkQueueObject* queue_;
};

/// `context`: what run() takes from Python 3.14 on, or None. False with an exception set.
bool run(State& state, PyObject* item, PyObject* context) {
    if (is_plain(state, item)) return run_work_item(as<WorkItemObject>(item));
    return static_cast<bool>(Ref::steal(context == Py_None ? PyObject_CallMethod(item, "run", nullptr)
                                                           : PyObject_CallMethod(item, "run", "O", context)));
}

/// The next item of a queue that a program has put in the place of ours.
Ref get_from_other(PyObject* queue, PyObject* executor, PyObject* get) {
    return Ref::steal(PyObject_CallFunctionObjArgs(get, executor, queue, nullptr));
}

/// Asked when there was a None in the queue: whether the worker is no longer needed. -1: an exception is set.
int is_over(PyObject* ask, PyObject* executor) {
    const Ref answer = Ref::steal(PyObject_CallOneArg(ask, executor));
    return answer ? PyObject_IsTrue(answer.get()) : -1;
}

PyObject* work(PyObject* module, PyObject* const* args, Py_ssize_t count) {
    if (count != 5) return PyErr_Format(PyExc_TypeError, "_work() takes five arguments");
    State& state = state_of_module(module);
    PyObject* const queue = args[0];
    const WorkerCount count_me(state, queue);
    Turn turn;
    while (!is_work_queue(state, queue) || !belongs_to_parent(state, as<WorkQueueObject>(queue))) {
        const Ref item = is_work_queue(state, queue) ? get(state, as<WorkQueueObject>(queue), turn)
                                                     : get_from_other(queue, args[1], args[3]);
        if (!item) return nullptr;
        if (item.get() != Py_None) {
            if (!run(state, item.get(), args[4])) return nullptr;
            turn.pass_on();
            continue;
        }
        const int over = is_over(args[2], args[1]);
        if (over < 0) return nullptr;
        if (over != 0) return PyObject_CallMethod(queue, "put", "O", Py_None);  // for the next worker
    }
    Py_RETURN_NONE;
}

PyObject* make_work_queue(PyTypeObject* type, PyObject* args, PyObject* keywords) {
    Ref self = Ref::steal(type->tp_base->tp_new(type, args, keywords));
    if (!self) return nullptr;
    auto& queue = as<WorkQueueObject>(self.get());
    queue.idle_semaphore = make_semaphore(*queue.base.state, 0).release();
    if (queue.idle_semaphore == nullptr) return nullptr;
    queue.idle = &permits_of(queue.idle_semaphore);
    queue.forks = queue.base.state->forks;
    return self.release();
}

/// The collector need not visit it: a semaphore refers to nothing that could refer to a queue.
PyObject* idle_semaphore(PyObject* self, void*) { return Py_NewRef(as<WorkQueueObject>(self).idle_semaphore); }

PyObject* put(PyObject* self, PyObject* item) {
    State* const state = state_of_type(Py_TYPE(self));
    if (state == nullptr || !put_work(as<WorkQueueObject>(self), *state, item)) return nullptr;
    Py_RETURN_NONE;
}

/// Its own function, by which is_work_queue_type() tells the type from its base.
void destroy_work_queue(PyObject* self) {
    const Ref semaphore = Ref::steal(as<WorkQueueObject>(self).idle_semaphore);
    Py_TYPE(self)->tp_base->tp_dealloc(self);
}

PyMethodDef methods[] = {
    method("put", put, METH_O, "put($self, item, /)\n--\n\nPut a call into the queue, or None."),
    {},
};

PyGetSetDef attributes[] = {
    {"_idle_semaphore", idle_semaphore, nullptr, "Its permits are the workers that wait for work.", nullptr},
    {},
};

PyType_Slot slots[] = {
    slot(Py_tp_doc, "A SimpleQueue between submit() and the workers of a pool."),
    slot(Py_tp_new, make_work_queue),
    slot(Py_tp_dealloc, destroy_work_queue),
    slot(Py_tp_getset, attributes),
    slot(Py_tp_methods, methods),
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "threadwise.concurrent.futures.thread._WorkQueue",
    .basicsize = sizeof(WorkQueueObject),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

PyMethodDef functions[] = {
    method("_work", work,
           "_work($module, queue, executor, is_over, get, context, /)\n--\n\n"
           "Make the calls in the queue until is_over(executor), which is asked when there is a None in it.\n\n"
           "get(executor, queue) is for queues of another kind; context, for the run() of other items, unless None."),
    {},
};

}  // namespace

bool is_work_queue_type(const PyTypeObject* type) noexcept { return type->tp_dealloc == destroy_work_queue; }

int add_pool_worker(PyObject* module) {
    State& state = state_of_module(module);
    state.spent_work = new (std::nothrow) SpentWork;
    if (state.spent_work == nullptr) {
        PyErr_NoMemory();
        return -1;
    }
    if (add_type(module, spec, state.work_queue_type, state.simple_queue_type) < 0) return -1;
    return PyModule_AddFunctions(module, functions);
}

void destroy_spent_work(State& state) noexcept { delete std::exchange(state.spent_work, nullptr); }

}  // namespace threadwise::python
