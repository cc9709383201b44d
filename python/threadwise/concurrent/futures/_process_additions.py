"""What ProcessPoolExecutor has from Python 3.14 on, for the versions before."""

import functools
import itertools
import multiprocessing.process

from ._base import Executor


def map(self, fn, *iterables, timeout=None, chunksize=1, buffersize=None):
    """Like Executor.map(); ``chunksize`` calls at a time go to a worker, and count as one for ``buffersize``."""
    if chunksize < 1:
        raise ValueError("chunksize must be >= 1.")
    chunks = _chunks(zip(*iterables), chunksize)
    results = Executor.map(self, functools.partial(_call_all, fn), chunks, timeout=timeout, buffersize=buffersize)
    return _flatten(results)


def _chunks(calls, size):
    while chunk := tuple(itertools.islice(calls, size)):
        yield chunk


def _call_all(fn, chunk):
    return [fn(*arguments) for arguments in chunk]


def _flatten(lists):
    for each in lists:
        each.reverse()
        while each:
            yield each.pop()  # and keeps no reference to it


def terminate_workers(self):
    """Shut down at once: cancel the calls that have not begun, and call terminate() of each worker that lives."""
    _end_workers(self, multiprocessing.process.BaseProcess.terminate)


def kill_workers(self):
    """Shut down at once: cancel the calls that have not begun, and call kill() of each worker that lives."""
    _end_workers(self, multiprocessing.process.BaseProcess.kill)


def _end_workers(executor, end):
    # None once the pool has been shut down; and shutdown() forgets them.
    workers = list((executor._processes or {}).values())
    executor.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        try:
            end(worker)
        except (ProcessLookupError, ValueError):
            pass  # it has ended by itself, or has been closed


def add_to(executor_class):
    """Makes these functions methods of the class."""
    for function in (map, terminate_workers, kill_workers):
        setattr(executor_class, function.__name__, function)
