"""Futures, executors, and waiting for several futures: Python's ``concurrent.futures._base`` on threadwise."""

__author__ = "the authors of threadwise"

import builtins
import collections
import functools
import logging
import operator
import sys
import time
import types
import weakref
from itertools import islice

from threadwise import threading
from threadwise._installation import serve
from threadwise._logging import LOGGER
from threadwise._threadwise import CancelledError, Error, Future, InvalidStateError, _replace, _wait, as_completed

from ._waiters import (
    _AS_COMPLETED,
    _AcquireFutures,
    _AllCompletedWaiter,
    _AsCompletedWaiter,
    _create_and_install_waiters,
    _FirstCompletedWaiter,
    _Waiter,
    _yield_finished_futures,
)

FIRST_COMPLETED = "FIRST_COMPLETED"
FIRST_EXCEPTION = "FIRST_EXCEPTION"
ALL_COMPLETED = "ALL_COMPLETED"

PENDING = "PENDING"
RUNNING = "RUNNING"
CANCELLED = "CANCELLED"
CANCELLED_AND_NOTIFIED = "CANCELLED_AND_NOTIFIED"
FINISHED = "FINISHED"

_FUTURE_STATES = [PENDING, RUNNING, CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED]
_STATE_TO_DESCRIPTION_MAP = {
    PENDING: "pending", RUNNING: "running", CANCELLED: "cancelled", CANCELLED_AND_NOTIFIED: "cancelled", FINISHED: "finished",
}  # fmt: skip

TimeoutError = builtins.TimeoutError

DoneAndNotDoneFutures = collections.namedtuple("DoneAndNotDoneFutures", "done not_done")


class BrokenExecutor(RuntimeError):
    """The executor cannot be used any more."""


def wait(fs, timeout=None, return_when=ALL_COMPLETED):
    """Wait until all futures are done; or, by ``return_when``, the first one, or the first one that raised.

    Returns ``(done, not_done)``, two sets, after at most ``timeout`` seconds.
    """
    return DoneAndNotDoneFutures(*_wait(fs, timeout, return_when))


class Executor:
    """What makes calls asynchronously; the base of all executors."""

    def submit(self, fn, /, *args, **kwargs):
        """Have ``fn(*args, **kwargs)`` called. Returns its Future."""
        raise NotImplementedError()

    def map(self, fn, *iterables, timeout=None, chunksize=1, buffersize=None):
        """Like ``map(fn, *iterables)``, but the calls are submitted at once, and made concurrently.

        With ``buffersize``, no more than that many calls are ahead of the results that have been taken. Raises
        TimeoutError if a result is not there ``timeout`` seconds after this call, and whatever a call raised when its
        turn comes. ``chunksize`` is for executors whose workers are processes.
        """
        if buffersize is not None and not isinstance(buffersize, int):
            raise TypeError("buffersize must be an integer or None")
        if buffersize is not None and buffersize < 1:
            raise ValueError("buffersize must be None or > 0")
        deadline = None if timeout is None else timeout + time.monotonic()
        calls = zip(*iterables)
        ahead = collections.deque()
        for arguments in calls:
            ahead.append(self.submit(fn, *arguments))
            if len(ahead) == buffersize:
                break
        more = None if buffersize is None else _submit_more(weakref.ref(self), fn, calls)
        return _results(ahead, more, deadline)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Take no more calls. Waits for those that were submitted unless ``wait`` is false.

        With ``cancel_futures``, the calls that have not begun are cancelled.
        """

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        self.shutdown(wait=True)
        return False


def _submit_more(executor_reference, fn, calls):
    """The futures of the calls, submitted one by one, for as long as somebody has the executor."""
    for arguments in calls:
        executor = executor_reference()
        if executor is None:
            return
        future = executor.submit(fn, *arguments)
        del executor
        yield future


def _results(ahead, more, deadline):
    """The results of the futures in ``ahead``, to which one of ``more`` is added for each that is taken."""
    try:
        while ahead:
            if more is not None:
                ahead.extend(islice(more, 1))
            # No reference to the future is kept while the result is out.
            yield _result_or_cancel(ahead.popleft(), deadline)
    finally:
        _cancel_all(ahead)


_cancel = operator.methodcaller("cancel")


def _cancel_all(futures):
    """Cancel them all, even if a done callback or a signal's handler raises: the first such exception is raised at the end."""
    remaining = iter(futures)
    error = None
    while True:
        try:
            for future in remaining:
                _cancel(future)
            break
        except BaseException as raised:
            error = error or raised
    if error is not None:
        raise error


def _result_or_cancel(future, deadline=None):
    try:
        return future.result(None if deadline is None else deadline - time.monotonic())
    finally:
        future.cancel()
        # The exception's traceback refers to this frame.
        del future


def _watch(module_name, name, changed):
    """Call changed(value) when a program puts something else under a name of that module, as in ``thread._shutdown = True``.

    So what is C++ learns it: pools, above all, which make their calls of the classes that are there.
    """
    module = sys.modules[module_name]

    class Module(type(module)):
        def __setattr__(self, attribute, value):
            super().__setattr__(attribute, value)
            if attribute == name:
                changed(value)

    module.__class__ = Module


_watch(__name__, "Future", functools.partial(_replace, Future))
serve(sys.modules[__name__])
