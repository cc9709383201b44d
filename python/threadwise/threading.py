"""Python's threading over threadwise.

The classes are threadwise's. What is left here is what programs replace, and what happens when the interpreter ends or forks.
"""

# What is defined here says that it is threading's, as the types say that are defined in C++.
__name__ = "threading"

import atexit as _atexit
import os as _os
import sys as _sys
from _weakrefset import WeakSet
from collections import deque as _deque
from itertools import count as _count
from time import monotonic as _time

from threadwise import _thread, _threadwise
from threadwise._thread import (
    TIMEOUT_MAX,
    _ExceptHookArgs as ExceptHookArgs,
    _excepthook as excepthook,
    _local as local,
    allocate_lock as _allocate_lock,
    get_ident,
    get_native_id,
    stack_size,
)
from threadwise._threadwise import (
    Barrier,
    BoundedSemaphore,
    BrokenBarrierError,
    Condition,
    Event,
    RLock,
    Semaphore,
)

# Iterators that threads share (3.15).
from threadwise._iterators import concurrent_tee, serialize_iterator, synchronized_iterator

__all__ = [
    "get_ident", "active_count", "Condition", "current_thread", "enumerate", "main_thread", "TIMEOUT_MAX", "Event", "Lock",
    "RLock", "Semaphore", "BoundedSemaphore", "Thread", "Barrier", "BrokenBarrierError", "Timer", "ThreadError", "setprofile",
    "settrace", "local", "stack_size", "excepthook", "ExceptHookArgs", "getprofile", "gettrace", "get_native_id",
    "setprofile_all_threads", "settrace_all_threads", "serialize_iterator", "synchronized_iterator", "concurrent_tee",
]  # fmt: skip

ThreadError = RuntimeError
_CRLock = _PyRLock = _RLock = RLock
Lock = _thread.LockType if _sys.version_info >= (3, 13) else _allocate_lock
_start_new_thread = _thread.start_new_thread
_start_joinable_thread = _thread.start_joinable_thread
_daemon_threads_allowed = getattr(_thread, "daemon_threads_allowed", lambda: True)
_is_main_interpreter = getattr(_thread, "_is_main_interpreter", lambda: True)
_set_name = getattr(_thread, "set_name", None)
__excepthook__ = excepthook
_HAVE_THREAD_NATIVE_ID = True

_counter = _count(1).__next__
_active = {}  # the threads that run, by ident
_limbo = {}  # those that have been started and do not run yet
_dangling = WeakSet()
_active_limbo_lock = RLock()


def _make_report():
    """What is called with a thread and the exception that its run() raised; it works until the interpreter is gone."""
    hook, arguments, write, system_hook, sys = excepthook, ExceptHookArgs, print, _sys.excepthook, _sys
    variables = globals()

    def report(thread, exc_type, exc_value, exc_traceback):
        current = variables.get("excepthook") or hook
        try:
            current(arguments((exc_type, exc_value, exc_traceback, thread)))
        except Exception as error:
            error.__suppress_context__ = True
            stderr = getattr(sys, "stderr", None)
            if stderr is not None:
                write("Exception in threading.excepthook:", file=stderr, flush=True)
            final = getattr(sys, "excepthook", None) or system_hook
            final(type(error), error, error.__traceback__)

    return report


def _are_threads_allowed():
    """Whether this interpreter was made such that it may start threads."""
    if _is_main_interpreter() or _sys.version_info < (3, 13):
        return True  # in 3.12 the extension knows it
    import _interpreters

    return _interpreters.get_config(_interpreters.get_current()[0]).allow_threads


class Thread(_threadwise.Thread):
    __doc__ = _threadwise.Thread.__doc__


class Timer(_threadwise.Timer, Thread):
    __doc__ = _threadwise.Timer.__doc__


_threadwise._attach(
    globals(), _active, _limbo, _dangling, _make_report(),
    _start_joinable_thread if _sys.version_info >= (3, 13) else _start_new_thread, _are_threads_allowed(),
)  # fmt: skip


class _MainThread(Thread):
    """The thread that the interpreter was started on."""

    def __init__(self, *numbers):
        super().__init__(name="MainThread", daemon=False)
        self._adopt(*numbers)


class _DummyThread(Thread):
    """A thread that somebody else started. Nobody knows when it ends but its thread-local objects."""

    def __init__(self):
        super().__init__(name=f"Dummy-{_counter()}", daemon=_daemon_threads_allowed())
        self._adopt()
        if _sys.version_info >= (3, 13):  # before, they stayed
            _local_to_dummy.end = _AtThreadEnd(self)

    def is_alive(self):
        if not self._handle.is_done() and self._started.is_set():
            return True
        raise RuntimeError("thread is not alive")

    def join(self, timeout=None):
        raise RuntimeError("cannot join a dummy thread")


class _AtThreadEnd:
    """Kept in a thread-local place: dies with the thread."""

    def __init__(self, thread):
        self._forget = thread.ident, thread, _active

    def __del__(self):
        ident, thread, active = self._forget
        if active.get(ident) is thread:
            del active[ident]
        if not thread._handle.is_done():
            thread._handle._set_done()


_local_to_dummy = local()


def _numbers_of_main_thread():
    """Its ident and native id: it need not be the thread that imports this first."""
    if hasattr(_thread, "_get_main_thread_ident"):
        ident = _thread._get_main_thread_ident()
    elif (standard := _sys.modules.get("threading")) is not None and standard.__name__ == "threading":
        ident = standard.main_thread().ident
    else:
        ident = get_ident()
    return (ident, get_native_id() if ident == get_ident() else _os.getpid())


_main_thread = _MainThread(*_numbers_of_main_thread())


def current_thread():
    """The Thread object of the calling thread; one is made for a thread that somebody else started."""
    return _threadwise.current_thread()


def main_thread():
    """The thread that the interpreter was started on; after a fork, the one that forked."""
    return _main_thread


def currentThread():
    """Old name of current_thread()."""
    _warn_of_old_name("currentThread", "current_thread")
    return current_thread()


def active_count():
    """How many threads are alive."""
    return len(_active) + len(_limbo)


def activeCount():
    """Old name of active_count()."""
    _warn_of_old_name("activeCount", "active_count")
    return active_count()


def enumerate():
    """All threads that are alive: the main thread, and daemons and dummies, too."""
    return [*_active.values(), *_limbo.values()]


_enumerate = enumerate


def _newname(name_template):
    return name_template % _counter()


def _warn_of_old_name(old, new):
    import warnings

    warnings.warn(f"{old}() is deprecated, use {new}() instead", DeprecationWarning, stacklevel=3)


_trace_hook = None
_profile_hook = None


def settrace(func):
    """Every thread started from now on calls sys.settrace(func) before its run()."""
    global _trace_hook
    _trace_hook = func


def gettrace():
    """What settrace() was called with."""
    return _trace_hook


def setprofile(func):
    """Every thread started from now on calls sys.setprofile(func) before its run()."""
    global _profile_hook
    _profile_hook = func


def getprofile():
    """What setprofile() was called with."""
    return _profile_hook


def settrace_all_threads(func):
    """settrace(), and for the threads that run already, too. Before Python 3.12 only for the calling one."""
    settrace(func)
    getattr(_sys, "_settraceallthreads", _sys.settrace)(func)


def setprofile_all_threads(func):
    """setprofile(), and for the threads that run already, too. Before Python 3.12 only for the calling one."""
    setprofile(func)
    getattr(_sys, "_setprofileallthreads", _sys.setprofile)(func)


_threading_atexits = []
_SHUTTING_DOWN = False


def _register_atexit(func, *arg, **kwargs):
    """Calls that function when the interpreter ends, before threads are joined; the last registered first."""
    if _SHUTTING_DOWN:
        raise RuntimeError("can't register atexit after shutdown")
    _threading_atexits.append(lambda: func(*arg, **kwargs))


def _shutdown():
    """The interpreter ends, and calls this on its main thread: waits for all threads that are no daemons."""
    global _SHUTTING_DOWN
    if _main_thread._handle.is_done() and _is_main_interpreter():
        return
    _SHUTTING_DOWN = True
    for call in reversed(_threading_atexits):
        call()
    if _main_thread.ident == get_ident():
        _main_thread._handle._set_done()
    _threadwise._join_all()


def _after_fork():
    """In the child the thread that forked is the main one, and no other is left."""
    global _main_thread, _active_limbo_lock
    _active_limbo_lock = RLock()
    current = _active.get(get_ident()) or _MainThread()
    for thread in {*_active.values(), *_limbo.values(), *_dangling} - {current}:
        if thread._started.is_set() and not thread._handle.is_done():
            thread._handle._set_done()
    _threadwise._forget_other_threads()
    _active.clear()
    _limbo.clear()
    _active[current.ident] = current
    current._set_native_id()
    if type(current) is _DummyThread:
        current.__class__ = _MainThread
        current._name = "MainThread"
        current._daemonic = False
    _main_thread = current


if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_after_fork)

# The interpreter itself calls the _shutdown() of what stands under the name `threading` then, which need not be this module.
_atexit.register(_shutdown)

__name__ = __spec__.name
