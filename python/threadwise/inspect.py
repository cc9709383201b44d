"""Looking at the threads of a program while it runs: deadlocks are named while they happen.

After on_deadlock("report"), threads that wait for each other in a circle are reported once, within a second:
deadlock_hook(deadlock) is called, which writes str(deadlock) to sys.stderr. Assign another function to it to get the report
as a value, as with threading.excepthook. on_deadlock() also says what happens then.
"""

import collections as _collections
import sys as _sys
import threading as _stock_threading
import traceback as _traceback

from threadwise import _threadwise
from threadwise import threading as _threading

__all__ = ["Deadlock", "DeadlockError", "DeadlockedThread", "deadlock_hook", "on_deadlock"]

_REASONS = {
    True: "and nothing but a signal can end it",
    False: "unless another thread releases a Lock",
}
# What one thread does that another one waits for, and that wait.
_VERBS = {
    "Thread.join": ("runs", "of"),
    "Future": ("runs the call of Future", "of"),
    "TaskGroup": ("runs a task of TaskGroup", "of"),
    "Executor": ("is a worker of Executor", "of"),
    "Once": ("runs the call of Once", "of"),
}


class DeadlockError(RuntimeError):
    """Raised by one of the waits of a deadlock, after on_deadlock("throw")."""


class DeadlockedThread(
    _collections.namedtuple("DeadlockedThread", "name ident native_id waits_for object holds held_object waited stack")
):
    """One of the threads that wait for each other.

    It waits for an object of the kind `waits_for` ("Lock", "Thread.join"), and the thread before it in the circle for one
    that it holds. `object` and `held_object` are their addresses in the core, `waited` are seconds, and `stack` is a
    traceback.StackSummary of where it waits, empty for a thread that runs no Python.
    """

    __slots__ = ()


class Deadlock(_collections.namedtuple("Deadlock", "threads certain")):
    """Each of the threads waits for what the one after it holds, and the last one for the first.

    It is certain if nothing but a signal can end it. If not, another thread may still release a Lock: then it was none.
    """

    __slots__ = ()

    def __str__(self):
        count = len(self.threads)
        what = "a thread waits for itself" if count == 1 else f"{count} threads wait for each other"
        lines = [f"threadwise: {'' if self.certain else 'suspected '}deadlock: {what}, {_REASONS[self.certain]}\n"]
        for thread, following in zip(self.threads, (*self.threads[1:], self.threads[0])):
            lines.append(_describe(thread, following))
        return "".join(lines)


def _describe(thread, following):
    held = _VERBS.get(thread.holds, (f"holds {thread.holds}", "held by"))[0]
    relation = _VERBS.get(thread.waits_for, ("", "held by"))[1]
    held = "" if thread.holds == "Thread.join" else f"{held} {thread.held_object:#x}, and "
    lines = [
        f'  "{thread.name}" (native id {thread.native_id}) {held}waits for {thread.waits_for} {thread.object:#x}'
        f' {relation} "{following.name}" for {thread.waited:.3f} s\n'
    ]
    for entry in thread.stack.format():
        lines.extend(f"    {line}\n" for line in entry.splitlines())
    return "".join(lines)


def deadlock_hook(deadlock, /):
    """Write the report to sys.stderr."""
    if _sys.stderr is not None:
        _sys.stderr.write(str(deadlock))
        _sys.stderr.flush()


__deadlock_hook__ = deadlock_hook


def on_deadlock(action, /):
    """Say what happens after a deadlock has been reported; returns what it was before.

    "report": nothing more. "abort": the process is aborted. "throw": the wait that began last raises DeadlockError.
    "ignore": no thread looks for deadlocks. At first it is what THREADWISE_ON_DEADLOCK says in the environment, or "ignore":
    Python programs use a Lock as a signal, too, which looks like a deadlock until another thread releases it.
    Applies to waits that begin from now on.
    """
    return _threadwise._on_deadlock(action)


def _threads_by_native_id():
    known = {}
    for module in {_stock_threading, _threading}:
        known.update((thread.native_id, thread) for thread in module.enumerate())
    return known


# Threads begin in these files, and wait in one of them.
_OWN_FILES = {_threading.__file__, _stock_threading.__file__}


def _stack_of(frame):
    """Without how the thread begins, and what threadwise's own Python code adds: the place is where the program called it."""
    stack = _traceback.extract_stack(frame)
    while stack and stack[0].filename in _OWN_FILES:
        del stack[0]
    while stack and stack[-1].filename in _OWN_FILES:
        stack.pop()
    return stack


# The last ones, newest first, with Python's places: what a DeadlockError that follows says.
_reports = _collections.deque(maxlen=64)

# Called with the deadlock whenever a wait ends with a DeadlockError, in the thread that waited.
_listeners = []


def _report(certain, threads):
    """Called by the extension module, on a thread of its own."""
    known = _threads_by_native_id()
    frames = _sys._current_frames()
    found = []
    for name, native_id, waits_for, object, holds, held_object, waited in threads:
        thread = known.get(native_id)
        frame = frames.get(thread.ident) if thread is not None else None
        found.append(
            DeadlockedThread(
                name=thread.name if thread is not None else name,
                ident=thread.ident if thread is not None else None,
                native_id=native_id,
                waits_for=waits_for,
                object=object,
                holds=holds,
                held_object=held_object,
                waited=waited,
                stack=_stack_of(frame) if frame is not None else _traceback.StackSummary(),
            )
        )
    deadlock = Deadlock(tuple(found), certain)
    _reports.appendleft(deadlock)
    deadlock_hook(deadlock)


def _error(text):
    """The exception for a wait that is to end, in the thread that waits."""
    native_id = _threading.get_native_id()
    for deadlock in tuple(_reports):
        if any(thread.native_id == native_id for thread in deadlock.threads):
            for listener in tuple(_listeners):
                listener(deadlock)
            return DeadlockError(str(deadlock).rstrip("\n"))
    return DeadlockError(text.rstrip("\n"))
