#include "base/thread_states.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include "base/finalization.hpp"
#include "base/reference.hpp"
#include "base/waiting.hpp"

#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030C0000
// Exported by the interpreter, and declared in no header that is for others.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the interpreter's name
extern "C" PyAPI_FUNC(void) _PyThreadState_SetCurrent(PyThreadState* thread_state);
#endif

namespace threadwise::python {
namespace {

constinit std::atomic<long> makers{0};
constinit std::atomic<bool> is_gone{false};

/// Counts a thread while it makes a state. Together with is_gone, all seq_cst: either the thread finds the interpreter
/// gone, or what takes it down finds the thread.
class Maker {
public:
    Maker() noexcept { makers.fetch_add(1); }
    ~Maker() { makers.fetch_sub(1); }
    Maker(const Maker&) = delete;
    Maker& operator=(const Maker&) = delete;
};

/// PyThreadState_New(). That of Python 3.11 crashes without memory.
PyThreadState* make_state(PyInterpreterState* interpreter) {
#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030C0000
    PyThreadState* const made = _PyThreadState_Prealloc(interpreter);
    if (made != nullptr) _PyThreadState_SetCurrent(made);
    return made;
#else
    return PyThreadState_New(interpreter);
#endif
}

/// Called when the interpreter clears its own dictionary: its end has begun, and its memory is still there.
void wait_for_makers(PyObject*) noexcept {
    using Clock = std::chrono::steady_clock;
    // To make one takes microseconds, unless the thread is not run, or waits for this one, as where there is no lock of
    // the interpreter's: it is not waited for at any price.
    const auto deadline = Clock::now() + std::chrono::milliseconds(100);
    is_gone.store(true);
    while (makers.load() != 0 && Clock::now() < deadline) std::this_thread::yield();
}

}  // namespace

PyThreadState* new_thread_state(PyInterpreterState* interpreter) {
    {
        const Maker maker;
        if (!is_gone.load() && !is_finalizing()) return make_state(interpreter);
    }
    stay_for_good();
}

int guard_new_thread_states() {
    PyInterpreterState* const interpreter = PyInterpreterState_Get();
    if (interpreter != PyInterpreterState_Main()) return 0;
    is_gone.store(false);  // a program may begin with a new interpreter after the end of one
    constexpr const char* name = "threadwise.thread_states";
    PyObject* const dictionary = PyInterpreterState_GetDict(interpreter);
    const Ref capsule = Ref::steal(PyCapsule_New(&makers, name, wait_for_makers));
    if (dictionary == nullptr || !capsule) return -1;
    return PyDict_SetItemString(dictionary, name, capsule.get());
}

void forget_other_new_states() noexcept { makers.store(0); }

}  // namespace threadwise::python
