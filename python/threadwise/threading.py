"""Python's threading over threadwise.

The classes are threadwise's. What is left here is what programs replace, and what happens when the interpreter ends or forks.
"""

# What is defined here says that it is threading's, as the types say that are defined in C++.
__name__ = "threading"

import _contextvars
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
    _ThreadHandle,
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
from threadwise._iterators import _concurrent_tee, concurrent_tee, serialize_iterator, synchronized_iterator

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
_INHERITS_CONTEXT = getattr(_sys.flags, "thread_inherit_context", False)
__excepthook__ = excepthook
_HAVE_THREAD_NATIVE_ID = True

_counter = _count(1).__next__
_active = {}  # the threads that run, by ident
_limbo = {}  # those that have been started and do not run yet
_dangling = WeakSet()
_active_limbo_lock = RLock()  # guards the two dictionaries

# What the standard module of this version calls to start a thread and to wait for its end; programs replace it.
_IS_JOINABLE = _sys.version_info >= (3, 13)
_own_start_new_thread = _start_new_thread

# Further names that programs find in the standard module of this version.
if _IS_JOINABLE:
    import warnings

    _LockType = _thread.LockType
    _thread_shutdown = _thread._shutdown
    _make_thread_handle = _thread._make_thread_handle
    _get_main_thread_ident = _thread._get_main_thread_ident
else:
    import functools
    from itertools import islice as _islice


def _make_invoke_excepthook():
    """What is called, while an exception is handled that run() raised, with the thread; it works until the interpreter is gone."""
    hook, arguments, exc_info, write, system_hook, sys = excepthook, ExceptHookArgs, _sys.exc_info, print, _sys.excepthook, _sys
    variables = globals()

    def invoke_excepthook(thread):
        current = variables.get("excepthook") or hook
        try:
            current(arguments((*exc_info(), thread)))
        except Exception as error:
            error.__suppress_context__ = True
            stderr = getattr(sys, "stderr", None)
            if stderr is None:
                stderr = thread._stderr
            if stderr is not None:
                write("Exception in threading.excepthook:", file=stderr, flush=True)
            final = getattr(sys, "excepthook", None) or system_hook
            final(type(error), error, error.__traceback__)

    return invoke_excepthook


def _are_threads_allowed():
    """Whether this interpreter was made such that it may start threads."""
    if _is_main_interpreter() or _sys.version_info < (3, 13):
        return True  # in 3.12 the extension knows it
    import _interpreters

    return _interpreters.get_config(_interpreters.get_current()[0]).allow_threads


if not _are_threads_allowed():
    _threadwise._forbid_threads()


class Thread:
    """A thread of control: after start(), run() calls target(*args, **kwargs) at the same time as everything else.

    daemon says whether the program may end without waiting for it; as the creating thread if it is None.

    All that is to be known of a thread is in its attributes, under the names that the standard module has for them, and each
    step of its life is a method: debuggers and profilers read, replace and intercept both.
    """

    _initialized = False

    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, *, daemon=None, context=None):
        assert group is None, "group argument must be None for now"
        if daemon:
            _require_daemons()
        self._target = target
        self._name = str(name) if name else _default_name(target)
        self._args = args
        self._kwargs = {} if kwargs is None else kwargs
        self._daemonic = current_thread().daemon if daemon is None else daemon
        self._context = context
        self._ident = None
        self._native_id = None
        self._started = started = Event()
        self._handle = _ThreadHandle(started)
        if not _IS_JOINABLE:
            self._is_stopped = False
        self._initialized = True
        self._stderr = _sys.stderr
        self._invoke_excepthook = _invoke_excepthook
        _dangling.add(self)

    def __repr__(self):
        assert self._initialized, "Thread.__init__() was not called"
        status = "initial"
        if self._started.is_set():
            status = "stopped" if self._has_ended() else "started"
        daemon = " daemon" if self._daemonic else ""
        ident = "" if self._ident is None else f" {self._ident}"
        return f"<{type(self).__name__}({self._name}, {status}{daemon}{ident})>"

    def start(self):
        """Run the thread, and return once it runs. RuntimeError if it was started before, or if there is no thread to be had."""
        if not self._initialized:
            raise RuntimeError("thread.__init__() not called")
        if self._started.is_set():
            raise RuntimeError("threads can only be started once")
        if self._context is None and _INHERITS_CONTEXT:
            self._context = _contextvars.copy_context()
        with _active_limbo_lock:
            _limbo[self] = self
        try:
            _start(self)
        except Exception:
            _leave_limbo(self)
            raise
        self._started.wait()
        if self._ident is None:  # it failed before it came to life
            _leave_limbo(self)
            self._handle._expect_begun()

    def run(self):
        """What the thread does: calls the target with its arguments."""
        try:
            if self._target is not None:
                self._target(*self._args, **self._kwargs)
        finally:
            # No cycle through the arguments keeps the thread alive, or them.
            del self._target, self._args, self._kwargs

    def _bootstrap(self):
        """What the new thread calls."""
        self._bootstrap_inner()

    def _bootstrap_inner(self):
        """From limbo to the living, through run(), and out."""
        handle = self._handle
        is_started_otherwise = handle._run_here()
        try:
            self._set_ident()
            if not _IS_JOINABLE:
                self._set_tstate_lock()
            self._set_native_id()
            self._set_os_name()
            self._describe()
            with _active_limbo_lock:
                _active[self._ident] = self
                _limbo.pop(self, None)
            self._started.set()
            if _trace_hook:
                _sys.settrace(_trace_hook)
            if _profile_hook:
                _sys.setprofile(_profile_hook)
            try:
                if self._context is None:
                    self.run()
                else:
                    self._context.run(self.run)
            except:
                self._invoke_excepthook(self)
        finally:
            if not self._started.is_set():
                _leave_limbo(self)
            self._delete()
            if is_started_otherwise:
                handle._set_done()

    def _set_ident(self):
        self._ident = get_ident()

    def _set_native_id(self):
        self._native_id = get_native_id()

    def _set_os_name(self):
        """From Python 3.14 on the system, too, knows the thread by its name; what it makes of it matters to nobody here."""
        if _set_name is not None:
            try:
                _set_name(self._name)
            except OSError:
                pass

    def _describe(self):
        """`threadwise ps`, `dump` and `top` show the thread so."""
        try:
            self._handle._describe(self._name, self._daemonic)
        except (UnicodeError, ValueError, MemoryError):
            pass  # a name that is no text of UTF-8's, or has a zero: it is not shown

    def _delete(self):
        with _active_limbo_lock:
            try:
                ident = get_ident()  # which programs replace, to hear of a thread's end
            except MemoryError:
                ident = self._ident
            _active.pop(ident, None)

    if _IS_JOINABLE:

        def _has_ended(self):
            return self._handle.is_done()

        def _wait_until_ended(self, timeout):
            self._handle.join(timeout)

        def _after_fork(self, new_ident=None):
            """In a forked child; new_ident is None for a thread that is the parent's."""
            self._started._at_fork_reinit()
            if new_ident is not None:
                self._ident = new_ident

    else:

        def _has_ended(self):
            if not self._is_stopped:
                self._wait_for_tstate_lock(False)
            return self._is_stopped

        def _wait_until_ended(self, timeout):
            if timeout is None:
                self._wait_for_tstate_lock()
            else:
                self._wait_for_tstate_lock(timeout=timeout)

        def _set_tstate_lock(self):
            """Called in the new thread. There is no such lock here: the handle knows when the thread has ended."""

        def _wait_for_tstate_lock(self, block=True, timeout=-1):
            if self._is_stopped:
                return
            if block:
                self._handle.join(None if timeout < 0 else timeout)
            if self._handle.is_done():
                self._stop()

        def _stop(self):
            """It is known that the thread has ended."""
            self._is_stopped = True

        def _reset_internal_locks(self, is_alive):
            """In a forked child."""
            self._started._at_fork_reinit()
            self._is_stopped = not is_alive

    def join(self, timeout=None):
        """Wait until the thread has ended, at most timeout seconds; is_alive() says whether it has."""
        if not self._initialized:
            raise RuntimeError("Thread.__init__() not called")
        if not self._started.is_set():
            raise RuntimeError("cannot join thread before it is started")
        if self is current_thread():
            raise RuntimeError("cannot join current thread")
        self._wait_until_ended(None if timeout is None else max(timeout, 0))

    def is_alive(self):
        """Whether the thread was started and has not ended."""
        assert self._initialized, "Thread.__init__() not called"
        return self._started.is_set() and not self._has_ended()

    @property
    def name(self):
        """What the thread is called; names need not be unique."""
        assert self._initialized, "Thread.__init__() not called"
        return self._name

    @name.setter
    def name(self, name):
        assert self._initialized, "Thread.__init__() not called"
        self._name = str(name)
        if self._ident == get_ident():
            self._set_os_name()
        self._describe()

    @property
    def ident(self):
        """The thread's get_ident(); None before it is started."""
        assert self._initialized, "Thread.__init__() not called"
        return self._ident

    @property
    def native_id(self):
        """The kernel's number of the thread; None before it is started."""
        assert self._initialized, "Thread.__init__() not called"
        return self._native_id

    @property
    def daemon(self):
        """Whether the program may end while the thread runs; set before the start."""
        assert self._initialized, "Thread.__init__() not called"
        return self._daemonic

    @daemon.setter
    def daemon(self, daemonic):
        if not self._initialized:
            raise RuntimeError("Thread.__init__() not called")
        if daemonic:
            _require_daemons()
        if self._started.is_set():
            raise RuntimeError("cannot set daemon status of active thread")
        self._daemonic = daemonic

    def isDaemon(self):
        """Old way to get daemon."""
        _warn_of_old_name("isDaemon", "get the daemon attribute instead")
        return self.daemon

    def setDaemon(self, daemonic):
        """Old way to set daemon."""
        _warn_of_old_name("setDaemon", "set the daemon attribute instead")
        self.daemon = daemonic

    def getName(self):
        """Old way to get name."""
        _warn_of_old_name("getName", "get the name attribute instead")
        return self.name

    def setName(self, name):
        """Old way to set name."""
        _warn_of_old_name("setName", "set the name attribute instead")
        self.name = name


_invoke_excepthook = _make_invoke_excepthook()


def _default_name(target):
    """`Thread-N`, or `Thread-N (target)`."""
    name = _newname("Thread-%d")
    try:
        return name if target is None else f"{name} ({target.__name__})"
    except AttributeError:
        return name


def _require_daemons():
    if not _daemon_threads_allowed():
        raise RuntimeError("daemon threads are disabled in this (sub)interpreter")


def _start(thread):
    """Starts it by what the standard module of this version has for that, which a program may have replaced."""
    if _IS_JOINABLE:
        _start_joinable_thread(thread._bootstrap, handle=thread._handle, daemon=thread.daemon)
    elif _start_new_thread is _own_start_new_thread:
        _thread.start_joinable_thread(thread._bootstrap, thread._handle, thread.daemon)
    else:
        _start_new_thread(thread._bootstrap, ())


def _leave_limbo(thread):
    with _active_limbo_lock:
        _limbo.pop(thread, None)


class Timer(Thread):
    """A thread that calls function(*args, **kwargs) after so many seconds, unless cancel() is called before."""

    def __init__(self, interval, function, args=None, kwargs=None):
        Thread.__init__(self)
        self.interval = interval
        self.function = function
        self.args = [] if args is None else args
        self.kwargs = {} if kwargs is None else kwargs
        self.finished = Event()

    def cancel(self):
        """Nothing will be called, if it was not called yet."""
        self.finished.set()

    def run(self):
        """What the thread does: waits, and calls the function unless cancelled."""
        self.finished.wait(self.interval)
        if not self.finished.is_set():
            self.function(*self.args, **self.kwargs)
        self.finished.set()


class _MainThread(Thread):
    """The thread that the interpreter was started on."""

    def __init__(self, *numbers):
        super().__init__(name="MainThread", daemon=False)
        _stand_for(self, *numbers)


class _DummyThread(Thread):
    """A thread that somebody else started. Nobody knows when it ends but its thread-local objects."""

    def __init__(self):
        super().__init__(name=f"Dummy-{_counter()}", daemon=_daemon_threads_allowed())
        _stand_for(self, get_ident(), get_native_id())
        if _IS_JOINABLE:  # before, they stayed
            _local_to_dummy.end = _AtThreadEnd(self)

    def is_alive(self):
        if not self._handle.is_done() and self._started.is_set():
            return True
        raise RuntimeError("thread is not alive")

    def join(self, timeout=None):
        raise RuntimeError("cannot join a dummy thread")


def _stand_for(thread, ident, native_id):
    """Makes the object that of a thread which runs already."""
    thread._ident = ident
    thread._native_id = native_id
    thread._handle = _thread._make_thread_handle(ident)
    thread._describe()
    with _active_limbo_lock:
        _active[ident] = thread
    thread._started.set()


class _AtThreadEnd:
    """Kept in a thread-local place: dies with the thread."""

    def __init__(self, thread):
        self._forget = thread.ident, thread, _active, _active_limbo_lock

    def __del__(self):
        ident, thread, active, lock = self._forget
        with lock:
            if active.get(ident) is thread:
                del active[ident]
        if not thread._handle.is_done():
            thread._handle._set_done()


_local_to_dummy = local()
if _IS_JOINABLE:  # as the standard module calls them
    _thread_local_info, _DeleteDummyThreadOnDel = _local_to_dummy, _AtThreadEnd


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
    try:
        return _active[get_ident()]
    except KeyError:
        return _DummyThread()


def main_thread():
    """The thread that the interpreter was started on; after a fork, the one that forked."""
    return _main_thread


def currentThread():
    """Old name of current_thread()."""
    _warn_of_old_name("currentThread", "use current_thread() instead")
    return current_thread()


def active_count():
    """How many threads are alive."""
    with _active_limbo_lock:
        return len(_active) + len(_limbo)


def activeCount():
    """Old name of active_count()."""
    _warn_of_old_name("activeCount", "use active_count() instead")
    return active_count()


def enumerate():
    """All threads that are alive: the main thread, and daemons and dummies, too."""
    with _active_limbo_lock:
        return _enumerate()


def _enumerate():
    """enumerate() for who holds the lock."""
    return [*_active.values(), *_limbo.values()]


def _newname(name_template):
    return name_template % _counter()


def _warn_of_old_name(old, advice):
    import warnings

    warnings.warn(f"{old}() is deprecated, {advice}", DeprecationWarning, stacklevel=3)


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
    try:
        for call in reversed(_threading_atexits):
            call()
    finally:
        # Where Ctrl-C or a failing call ends this, too: nothing is called or waited for a second time.
        if _main_thread.ident == get_ident():
            _main_thread._handle._set_done()
    _threadwise._join_all()


def _shutdown_at_exit():
    """The interpreter calls the _shutdown() of what stands under the name `threading`: this one, if need be, is called here."""
    if getattr(_sys.modules.get("threading"), "__dict__", None) is not globals():
        _shutdown()


def _after_fork():
    """In the child the thread that forked is the main one, and no other is left."""
    global _main_thread, _active_limbo_lock, _SHUTTING_DOWN
    _active_limbo_lock = RLock()
    current = _active.get(get_ident()) or _MainThread(get_ident(), get_native_id())
    for thread in {*_active.values(), *_limbo.values(), *_dangling} - {current}:
        if thread._started.is_set() and not thread._handle.is_done():
            thread._handle._set_done()
        if _IS_JOINABLE:
            thread._after_fork()
        else:
            thread._reset_internal_locks(False)
    _threadwise._forget_other_threads()
    _active.clear()
    _limbo.clear()
    _active[current._ident] = current
    current._set_native_id()
    if _IS_JOINABLE:
        current._after_fork(new_ident=get_ident())
    else:
        current._reset_internal_locks(True)
    if type(current) is _DummyThread:
        current.__class__ = _MainThread
        current._name = "MainThread"
        current._daemonic = False
    if current is not _main_thread:  # the parent may end; this process only begins
        _SHUTTING_DOWN = False
    _main_thread = current


if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_after_fork)

_atexit.register(_shutdown_at_exit)

__name__ = __spec__.name
