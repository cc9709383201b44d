// What a pool's thread does.

#include <chrono>

#include "method.hpp"
#include "native_item.hpp"
#include "object.hpp"
#include "pool.hpp"
#include "queue_call.hpp"
#include "work_item.hpp"

namespace threadwise::python {
namespace {

/// Lets other threads have the interpreter every few milliseconds, as its own loop does: a callable that is written in
/// C never gets there.
class Turn {
public:
    void pass_on() {
        if (++calls_ % calls_between_looks != 0) return;
        const auto now = Clock::now();
        if (now - begin_ < longest) return;
        attach(detach());
        begin_ = Clock::now();
    }
    /// The interpreter was let go meanwhile.
    void begin() { begin_ = Clock::now(); }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr unsigned calls_between_looks = 64;
    static constexpr std::chrono::milliseconds longest{5};

    unsigned calls_ = 0;
    Clock::time_point begin_ = Clock::now();
};

/// The next item of our own kind of queue, waited for; null with an exception set if that failed.
Ref get(WorkQueueObject& queue, Turn& turn) {
    PyObject* item = nullptr;
    ItemQueue& core = queue.base.core;
    if (core.get(item) == Attempt::done) return Ref::steal(to_object(item));
    queue.add_idle();
    QueueCall call;
    while (core.get(item) != Attempt::done) {
        if (call.wait(QueueWaiter::Kind::get, core.items(), &queue) == Waited::failed) return {};
        turn.begin();
    }
    return Ref::steal(to_object(item));
}

/// False with an exception set.
bool run(const State& state, PyObject* item) {
    if (is_work_item(state, item)) return run_work_item(as<WorkItemObject>(item));
    return static_cast<bool>(Ref::steal(PyObject_CallMethod(item, "run", nullptr)));
}

/// None in the queue: the worker is to look whether it is still needed. 1: it is not. -1: an exception is set.
int is_over(PyObject* ask, PyObject* executor) {
    const Ref answer = Ref::steal(PyObject_CallOneArg(ask, executor));
    return answer ? PyObject_IsTrue(answer.get()) : -1;
}

PyObject* work(PyObject* module, PyObject* const* args, Py_ssize_t count) {
    if (count != 3) return PyErr_Format(PyExc_TypeError, "_work() takes a queue, a weak reference and a function");
    const State& state = state_of_module(module);
    PyObject* const queue = args[0];
    Turn turn;
    for (;;) {
        const Ref item = is_work_queue(state, queue) ? get(as<WorkQueueObject>(queue), turn)
                                                     : Ref::steal(PyObject_CallMethod(queue, "get", nullptr));
        if (!item) return nullptr;
        if (item.get() != Py_None) {
            if (!run(state, item.get())) return nullptr;
            turn.pass_on();
            continue;
        }
        const int over = is_over(args[2], args[1]);
        if (over < 0) return nullptr;
        if (over != 0) return PyObject_CallMethod(queue, "put", "O", Py_None);  // for the next worker
    }
}

PyObject* idle_workers(PyObject* self, PyObject*) {
    return PyLong_FromLong(as<WorkQueueObject>(self).idle.load(std::memory_order_relaxed));  // relaxed: a count
}

PyObject* claim_idle_worker(PyObject* self, PyObject*) {
    return PyBool_FromLong(as<WorkQueueObject>(self).claim_idle());
}

PyMethodDef methods[] = {
    method("_idle_workers", idle_workers, METH_NOARGS, "How many workers wait for work."),
    method("_claim_idle_worker", claim_idle_worker, METH_NOARGS, "Speak for one of them; whether there was one."),
    {},
};

PyType_Slot slots[] = {
    slot(Py_tp_doc, "A SimpleQueue between submit() and the workers of a pool."),
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
           "_work($module, queue, executor, is_over, /)\n--\n\n"
           "Make the calls in the queue until is_over(executor), which is asked when there is a None in it."),
    {},
};

}  // namespace

int add_pool_worker(PyObject* module) {
    State& state = state_of_module(module);
    if (add_type(module, spec, state.work_queue_type, state.simple_queue_type) < 0) return -1;
    return PyModule_AddFunctions(module, functions);
}

}  // namespace threadwise::python
