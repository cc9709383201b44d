"""ThreadPoolExecutor: Python's ``concurrent.futures.thread`` on threadwise.

A call goes from submit() to a worker, and its result into the future, in C++. Here is what happens less often: threads
are started, and the pool is shut down. The names, and what goes through ``_work_queue``, are those of Python's own, as
programs derive from this class.
"""

import itertools
import math
import os
import sys
import weakref

from threadwise import queue, threading
from threadwise._installation import rename_classes
from threadwise._logging import LOGGER
from threadwise._threadwise import _close_pools, _Pool, _work, _WorkItem, _WorkQueue

from ._base import BrokenExecutor, Executor

_threads_queues = weakref.WeakKeyDictionary()
_executors = weakref.WeakSet()
_shutdown = False
# Held while threads are started, and while these globals change.
_global_shutdown_lock = threading.Lock()


def _python_exit():
    """The interpreter ends: let the workers make the calls that are left, and wait for them."""
    global _shutdown
    with _global_shutdown_lock:
        _shutdown = True
        _close_pools()
    for executor in list(_executors):
        executor._settle()
    workers = list(_threads_queues.items())
    for _, work_queue in workers:
        work_queue.put(None)
    for thread, _ in workers:
        thread.join()


# Before the non-daemon threads are joined, as those have to end for that.
threading._register_atexit(_python_exit)


def _begin_anew_after_fork():
    """In a child the workers are gone, and the calls that wait are the parent's: the pools begin anew."""
    _global_shutdown_lock._at_fork_reinit()
    _threads_queues.clear()
    for executor in _executors:
        executor._shutdown_lock._at_fork_reinit()
        executor._threads = set()
        executor._work_queue = _WorkQueue()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_global_shutdown_lock.acquire,
        after_in_child=_begin_anew_after_fork,
        after_in_parent=_global_shutdown_lock.release,
    )


def _worker(executor_reference, work_queue, initializer, initargs, begun=None):
    """What a thread of a pool does, until the pool is shut down or collected."""
    if begun is not None:
        begun.set()
    try:
        if initializer is not None:
            initializer(*initargs)
    except BaseException:
        LOGGER.critical("Exception in initializer:", exc_info=True)
        executor = executor_reference()
        if executor is not None:
            executor._initializer_failed()
        return
    try:
        _work(work_queue, executor_reference, _is_over)
    except BaseException:
        LOGGER.critical("Exception in worker", exc_info=True)


def _is_over(executor_reference):
    executor = executor_reference()
    if not _shutdown and executor is not None and not executor._shutdown:
        return False
    if executor is not None:
        executor._close()
    return True


class BrokenThreadPool(BrokenExecutor):
    """A worker's initializer has failed."""


class _IdleWorkers:
    """What Python's pool has as a semaphore, for code that decides by it whether a thread is to be started."""

    def __init__(self, work_queue):
        self._work_queue = work_queue

    def acquire(self, blocking=True, timeout=None):
        """Speak for an idle worker; whether there was one. Does not wait."""
        return self._work_queue._claim_idle_worker()

    def release(self, n=1):
        """Do nothing: the workers count themselves."""


class ThreadPoolExecutor(_Pool, Executor):
    """An executor that makes the calls in threads."""

    BROKEN = BrokenThreadPool

    _counter = itertools.count().__next__
    _worker = staticmethod(_worker)

    def __init__(self, max_workers=None, thread_name_prefix="", initializer=None, initargs=()):
        """A pool of at most ``max_workers`` threads, which are started as calls are submitted.

        Each thread first calls ``initializer(*initargs)``. Threads are named ``thread_name_prefix_0`` and so on.
        """
        if max_workers is None:
            max_workers = min(32, (_cpu_count() or 1) + 4)
        if max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._max_workers = math.ceil(min(max_workers, sys.maxsize))  # as Python's, it may be anything that compares
        self._work_queue = _WorkQueue()
        self._threads = set()
        self._broken = False
        self._shutdown = False
        self._shutdown_lock = threading.Lock()
        self._thread_name_prefix = thread_name_prefix or f"ThreadPoolExecutor-{self._counter()}"
        self._initializer = initializer
        self._initargs = initargs
        _executors.add(self)

    @property
    def _idle_semaphore(self):
        return _IdleWorkers(self._work_queue)

    def _refuse_work(self):
        if self._broken:
            raise self.BROKEN(self._broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    def _put_for_new_worker(self, item):
        """submit() where no worker is idle: shutdown() either comes before this, or waits for that worker, too."""
        with self._shutdown_lock, _global_shutdown_lock:
            if self._broken or self._shutdown or _shutdown:
                self._refuse_work()
            self._work_queue.put(item)
            self._adjust_thread_count()

    def _adjust_thread_count(self):
        """Start a worker, if there may be one more: no idle one has been found. With the locks held."""
        # When the executor is collected, a worker learns it by the None.
        def wake_worker(_, work_queue=self._work_queue):
            work_queue.put(None)

        number = len(self._threads)
        if number < self._max_workers:
            begun = threading.Event()
            thread = threading.Thread(
                name=f"{self._thread_name_prefix or self}_{number}",
                target=self._worker,
                args=(weakref.ref(self, wake_worker), self._work_queue, self._initializer, self._initargs, begun),
            )
            thread.start()
            # From here the worker has the interpreter, and most likely begins its first call before it gives that away:
            # programs that shut down at once, and cancel, count on it. Not for ever: a program may have replaced start().
            begun.wait(1)
            self._threads.add(thread)
            _threads_queues[thread] = self._work_queue

    def _initializer_failed(self):
        with self._shutdown_lock:
            self._broken = "A thread initializer failed, the thread pool is not usable anymore"
            for item in self._take_queued():
                item.future.set_exception(self.BROKEN(self._broken))

    def _take_queued(self):
        """The calls that wait in the queue, which they leave."""
        while True:
            try:
                item = self._work_queue.get_nowait()
            except queue.Empty:
                return
            if item is not None:
                yield item

    def shutdown(self, wait=True, *, cancel_futures=False):
        with self._shutdown_lock:
            self._close()
            if cancel_futures:
                for item in self._take_queued():
                    item.future.cancel()
            # One worker learns it by this, and tells the next.
            self._work_queue.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    shutdown.__doc__ = Executor.shutdown.__doc__


def _cpu_count():
    """How many processors this process may use."""
    return getattr(os, "process_cpu_count", os.cpu_count)()


rename_classes(sys.modules[__name__])
