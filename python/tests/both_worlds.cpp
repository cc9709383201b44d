// An extension module as a user of threadwise/python.hpp would write it; test_both_worlds.py builds and drives it.

#include <threadwise/python.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace py = threadwise::py;

namespace {

using Numbers = py::Queue<long>;
using Text = std::string;

constexpr double long_enough = 60;

/// Runs it on a thread that Python has never seen.
template <class Function>
void elsewhere(Function function) {
    std::exception_ptr thrown;
    std::thread([&] {
        try {
            function();
        } catch (...) {
            thrown = std::current_exception();
        }
    }).join();
    if (thrown != nullptr) std::rethrow_exception(thrown);
}

/// Without the interpreter's lock being handed back in between.
template <class Condition>
bool poll(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(long_enough);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    return true;
}

/// Where calls meet that are made at the same time, and wait for permission to go on.
struct Gate {
    std::atomic<long> present{0};
    std::atomic<bool> open{false};

    bool meet(long parties) {
        ++present;
        return poll([&] { return present >= parties; });
    }
    bool pass() {
        ++present;
        return poll([&] { return open.load(); });
    }
};
Gate gate;

// Queues.

/// Of what threads get from the queue that do not hold the interpreter's lock.
long sum(Numbers& queue, long count) {
    long total = 0;
    elsewhere([&] {
        long value = 0;
        for (long i = 0; i < count; ++i) {
            if (queue.get(value)) total += value;
        }
    });
    return total;
}

void fill(Numbers& queue, long count) {
    elsewhere([&] {
        for (long i = 0; i < count; ++i) queue.put(i);
    });
}

/// From a queue to another, both in C++.
void relay(py::Queue<Text>& from, py::Queue<Text>& to, long count) {
    Text text;
    for (long i = 0; i < count; ++i) {
        if (!from.get(text, long_enough) || !to.put(text + "!")) throw std::runtime_error("too slow");
    }
}

bool get_within(py::Queue<double>& queue, double seconds) {
    double value = 0;
    return queue.get(value, seconds);
}

bool put_within(Numbers& queue, long value, double seconds) { return queue.put(value, seconds); }

// Futures, events and locks.

/// Waits for the event, then takes the lock and sets the result.
void answer(py::Future<long>& future, py::Event& event, py::Lock& lock) {
    elsewhere([&] {
        if (!event.wait(long_enough) || !lock.acquire(long_enough)) throw std::runtime_error("too slow");
        const std::lock_guard hold(lock, std::adopt_lock);
        future.set_result(42);
    });
}

long wait_for(const py::Future<long>& future, double seconds) {
    long result = 0;
    elsewhere([&] { result = future.result(seconds); });
    return result;
}

Text type_of_error(const py::Future<long>& future) {
    try {
        future.result();
        return "";
    } catch (const py::Error& error) {
        return error.type();
    } catch (const std::out_of_range& error) {  // a C++ exception arrives as itself
        return Text("out_of_range ") + error.what();
    }
}

void set_error(py::Future<long>& future, const Text& why) {
    future.set_exception(std::make_exception_ptr(std::out_of_range(why)));
}

py::Event toggled_event() {
    py::Event event = py::Event::make();
    event.set();
    event.clear();
    if (event.is_set()) throw std::logic_error("it is set");
    event.set();
    return event;
}

py::Lock held_lock() {
    py::Lock lock = py::Lock::make();
    if (!lock.try_lock() || lock.try_lock()) throw std::logic_error("not a lock");
    return lock;
}

py::Future<Text> finished_future(const Text& result) {
    auto future = py::Future<Text>::make();
    if (future.done()) throw std::logic_error("it is done");
    future.set_result(result);
    return future;
}

Numbers small_queue() {
    Numbers queue = Numbers::make(1);
    queue.put(1);
    return queue;
}

// Pools.

/// The sum of what `count` calls return, submitted by a thread that Python has never seen.
long submit_from_elsewhere(py::Pool& pool, long count) {
    long total = 0;
    elsewhere([&] {
        std::vector<std::future<long>> futures;
        for (long i = 0; i < count; ++i) futures.push_back(pool.submit([](long n) { return 2 * n; }, i));
        for (auto& future : futures) total += future.get();
    });
    return total;
}

/// A call that is held up by the gate, submitted by C++.
std::vector<std::future<bool>> held_up;
void submit_held_up(py::Pool& pool) {
    held_up.push_back(pool.submit([] { return gate.pass(); }));
}

/// Whether the promise was kept.
bool last_held_up() {
    std::future<bool> future = std::move(held_up.back());
    held_up.pop_back();
    try {
        return future.get();
    } catch (const std::future_error&) {
        return false;
    }
}

py::Pool small_pool() { return py::Pool::make(2); }

/// Opens the gate and waits for all these futures without giving the interpreter's lock away: whether they were done.
PyObject* open_gate_and_hold(PyObject*, PyObject* futures) {
    std::vector<py::Future<bool>> waited;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(futures); ++i) waited.emplace_back(PyList_GET_ITEM(futures, i));
    gate.open = true;
    return PyBool_FromLong(poll(
        [&] { return std::all_of(waited.begin(), waited.end(), [](const auto& future) { return future.done(); }); }));
}

/// The same with calls that another C++ thread submits meanwhile.
PyObject* submit_and_hold(PyObject*, PyObject* object) {
    py::Pool pool(object);
    std::atomic<long> total = -1;
    std::thread thread([&] { total = submit_from_elsewhere(pool, 100); });
    const bool done = poll([&] { return total >= 0; });
    Py_BEGIN_ALLOW_THREADS;
    thread.join();
    Py_END_ALLOW_THREADS;
    return PyLong_FromLong(done ? total.load() : -1);
}

// The rest.

double fail(long kind, const Text& why) {
    switch (kind) {
        case 0: throw std::runtime_error(why);
        case 1: throw std::invalid_argument(why);
        case 2: throw std::out_of_range(why);
        case 3: throw std::overflow_error(why);
        case 4: throw std::bad_alloc();
        default: throw 5;
    }
}

void expect_other_version() {
    py::Interface other = py::detail::interface();
    ++other.version;
    py::detail::check(other);
}

/// Threads that outlive the interpreter, busy with objects of Python's. So the handles are never destroyed.
void leave_threads_behind(Numbers& queue, py::Event& event, py::Pool& pool) {
    static auto& queues = *new std::deque<Numbers>;
    static auto& events = *new std::deque<py::Event>;
    static auto& pools = *new std::deque<py::Pool>;
    const auto kept = [](auto& handles, auto& handle) -> auto& {
        const py::detail::Attached attached;
        return handles.emplace_back(handle.object());
    };
    std::thread([&q = kept(queues, queue)] {
        for (long value = 0;;) q.get(value);
    }).detach();
    std::thread([&q = kept(queues, queue)] {
        for (;;) q.put(1);
    }).detach();
    std::thread([&e = kept(events, event)] { e.wait(); }).detach();
    std::thread([&p = kept(pools, pool)] {
        try {
            for (;;) p.submit([] {}).get();
        } catch (const std::exception&) {  // Python has closed it
        }
    }).detach();
    // Unknown to the interpreter each time that they come.
    std::thread([] {
        for (;;) py::detail::Attached();
    }).detach();
    std::thread([] {
        for (;;) py::Event::make().set();
    }).detach();
    std::thread([] {
        for (;;) {
            auto future = py::Future<long>::make();
            future.set_result(1);
            try {
                future.set_result(2);
            } catch (const py::Error&) {  // what else
            }
        }
    }).detach();
}

PyMethodDef functions[] = {
    {"open_gate_and_hold", open_gate_and_hold, METH_O, nullptr},
    {"submit_and_hold", submit_and_hold, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "both_worlds", nullptr, -1, functions, nullptr, nullptr, nullptr, nullptr};

template <class Result, class... Parameters>
void add(PyObject* module, const char* name, Result (*function)(Parameters...)) {
    PyModule_AddObject(module, name, py::export_function(name, [function](Parameters... arguments) -> Result {
                           return function(static_cast<Parameters&&>(arguments)...);
                       }));
}

}  // namespace

PyMODINIT_FUNC PyInit_both_worlds() {
    PyObject* const module = PyModule_Create(&definition);
    if (module == nullptr) return nullptr;
#ifdef Py_GIL_DISABLED
    PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    add(module, "sum", sum);
    add(module, "fill", fill);
    add(module, "relay", relay);
    add(module, "get_within", get_within);
    add(module, "put_within", put_within);
    add(module, "answer", answer);
    add(module, "wait_for", wait_for);
    add(module, "type_of_error", type_of_error);
    add(module, "set_error", set_error);
    add(module, "toggled_event", toggled_event);
    add(module, "held_lock", held_lock);
    add(module, "finished_future", finished_future);
    add(module, "small_queue", small_queue);
    add(module, "submit_from_elsewhere", submit_from_elsewhere);
    add(module, "submit_held_up", submit_held_up);
    add(module, "last_held_up", last_held_up);
    add(module, "small_pool", small_pool);
    add(module, "fail", fail);
    add(module, "expect_other_version", expect_other_version);
    add(module, "leave_threads_behind", leave_threads_behind);
    PyModule_AddObject(module, "add", py::export_function("add", [](double a, double b) { return a + b; }));
    PyModule_AddObject(module, "no_text", py::export_function("no_text", [] { return Text("\xff"); }));
    PyModule_AddObject(module, "meet", py::export_function("meet", [](long n) { return gate.meet(n); }));
    PyModule_AddObject(module, "pass_gate", py::export_function("pass_gate", [] { return gate.pass(); }));
    PyModule_AddObject(module, "present", py::export_function("present", [] { return gate.present.load(); }));
    PyModule_AddObject(module, "close_gate", py::export_function("close_gate", [] {
                           gate.present = 0;
                           gate.open = false;
                       }));
    PyModule_AddObject(module, "open_gate", py::export_function("open_gate", [] { gate.open = true; }));
    return module;
}
