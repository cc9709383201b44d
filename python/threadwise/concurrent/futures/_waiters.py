"""Waiting for whatever has ``_condition``, ``_state`` and ``_waiters``, as Python's futures have.

wait() and as_completed() come here when not all that they are given are threadwise's futures: those of the standard module,
from before threadwise was installed, or of classes that keep their state in a way of their own. The classes here are the
ones that programs take from ``concurrent.futures._base`` to wait in ways of their own.
"""

import time

from threadwise import threading

FIRST_COMPLETED = "FIRST_COMPLETED"
FIRST_EXCEPTION = "FIRST_EXCEPTION"
ALL_COMPLETED = "ALL_COMPLETED"
_AS_COMPLETED = "_AS_COMPLETED"

_TOLD = ("CANCELLED_AND_NOTIFIED", "FINISHED")


class _Waiter:
    """One wait for some futures, each of which tells it of its end, with the future's condition held."""

    def __init__(self):
        self.event = threading.Event()
        self.finished_futures = []

    def add_result(self, future):
        self.finished_futures.append(future)

    def add_exception(self, future):
        self.finished_futures.append(future)

    def add_cancelled(self, future):
        self.finished_futures.append(future)


class _FirstCompletedWaiter(_Waiter):
    """Ends with the first one."""

    def add_result(self, future):
        super().add_result(future)
        self.event.set()

    def add_exception(self, future):
        super().add_exception(future)
        self.event.set()

    def add_cancelled(self, future):
        super().add_cancelled(future)
        self.event.set()


class _AsCompletedWaiter(_Waiter):
    """Is over and over again asked for those that have ended since."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def add_result(self, future):
        with self.lock:
            super().add_result(future)
            self.event.set()

    def add_exception(self, future):
        with self.lock:
            super().add_exception(future)
            self.event.set()

    def add_cancelled(self, future):
        with self.lock:
            super().add_cancelled(future)
            self.event.set()


class _AllCompletedWaiter(_Waiter):
    """Ends with the last one; or, if asked, with the first that has raised."""

    def __init__(self, num_pending_calls, stop_on_exception):
        self.num_pending_calls = num_pending_calls
        self.stop_on_exception = stop_on_exception
        self.lock = threading.Lock()
        super().__init__()

    def _decrement_pending_calls(self):
        with self.lock:
            self.num_pending_calls -= 1
            if not self.num_pending_calls:
                self.event.set()

    def add_result(self, future):
        super().add_result(future)
        self._decrement_pending_calls()

    def add_exception(self, future):
        super().add_exception(future)
        if self.stop_on_exception:
            self.event.set()
        else:
            self._decrement_pending_calls()

    def add_cancelled(self, future):
        super().add_cancelled(future)
        self._decrement_pending_calls()


class _AcquireFutures:
    """Holds the conditions of all the futures. They are taken in an order that is the same for everybody."""

    def __init__(self, futures):
        self.futures = sorted(futures, key=id)
        self._held = []

    def __enter__(self):
        for future in self.futures:
            if not hasattr(future, "_condition"):
                raise TypeError(f"wait() and as_completed() take futures, not {type(future).__name__!r}")
        try:
            for future in self.futures:
                future._condition.acquire()
                self._held.append(future)
        except BaseException:  # a signal's handler
            self.__exit__()
            raise

    def __exit__(self, *args):
        while self._held:
            self._held.pop()._condition.release()


def _create_and_install_waiters(fs, return_when):
    """A waiter for that condition, which the futures know from now on. Their conditions are to be held."""
    if return_when == _AS_COMPLETED:
        waiter = _AsCompletedWaiter()
    elif return_when == FIRST_COMPLETED:
        waiter = _FirstCompletedWaiter()
    elif return_when in (FIRST_EXCEPTION, ALL_COMPLETED):
        pending = sum(future._state not in _TOLD for future in fs)
        waiter = _AllCompletedWaiter(pending, stop_on_exception=return_when == FIRST_EXCEPTION)
    else:
        raise ValueError(f"Invalid return condition: {return_when!r}")
    for future in fs:
        future._waiters.append(waiter)
    return waiter


def _yield_finished_futures(fs, waiter, ref_collect):
    """Yield the futures of that list from its end, which neither it nor the sets in ``ref_collect`` keep afterwards."""
    while fs:
        _forget(fs[-1], waiter, ref_collect)
        yield fs.pop()  # no variable refers to it while it is out


def _forget(future, waiter, sets):
    for each in sets:
        each.remove(future)
    _uninstall(waiter, future)


def _uninstall(waiter, future):
    with future._condition:
        future._waiters.remove(waiter)


def as_completed(fs, timeout):
    """concurrent.futures.as_completed() of a set."""
    end = None if timeout is None else timeout + time.monotonic()
    total = len(fs)
    with _AcquireFutures(fs):
        finished = [future for future in fs if future._state in _TOLD]
        waiter = _create_and_install_waiters(fs, _AS_COMPLETED)
    try:
        yield from _yield_finished_futures(finished, waiter, ref_collect=(fs,))
        while fs:
            left = None if end is None else end - time.monotonic()
            if left is not None and left < 0:
                raise TimeoutError(f"{len(fs)} (of {total}) futures unfinished")
            waiter.event.wait(left)
            with waiter.lock:
                finished, waiter.finished_futures = waiter.finished_futures, []
                waiter.event.clear()
            finished.reverse()  # the first one is to come first
            yield from _yield_finished_futures(finished, waiter, ref_collect=(fs,))
    finally:
        for future in fs:
            _uninstall(waiter, future)


def wait(fs, timeout, return_when):
    """concurrent.futures.wait() of a set."""
    if return_when is None:
        return_when = ALL_COMPLETED
    with _AcquireFutures(fs):
        done = {future for future in fs if future._state in _TOLD}
        if done == fs or _is_over(done, return_when):
            return done, fs - done
        waiter = _create_and_install_waiters(fs, return_when)
    try:
        waiter.event.wait(timeout)
    finally:
        for future in fs:
            _uninstall(waiter, future)
    done.update(waiter.finished_futures)
    return done, fs - done


def _is_over(done, return_when):
    if return_when == FIRST_EXCEPTION:
        return any(not future.cancelled() and future.exception() is not None for future in done)
    return return_when == FIRST_COMPLETED and bool(done)
