"""Python's _thread, with threadwise's locks and threads. What is not replaced is the interpreter's own."""

import sys

import _thread as _standard

from threadwise import _threadwise
from threadwise._threadwise import (
    RLock,
    _local,
    _ThreadHandle,
    _make_thread_handle,
    allocate_lock,
    lock,
    start_joinable_thread,
    start_new_thread,
)

_OWN = frozenset(name for name in globals() if not name.startswith("__"))
globals().update({name: value for name, value in vars(_standard).items() if name not in _OWN and not name.startswith("__")})

allocate_lock.__module__ = "_thread"
allocate = allocate_lock
LockType = lock
start_new = start_new_thread


def _count():
    """How many threads run that were started from here, or by the interpreter's own module."""
    return _threadwise._count() + _standard._count()


def interrupt_main(*signum):
    """Simulate a signal, SIGINT if none is given: the main thread runs its handler, in the middle of a wait if need be."""
    _standard.interrupt_main(*signum)
    _threadwise._wake_main_thread()


def _shutdown():
    """Wait for all threads that are no daemons."""
    _threadwise._join_all()
