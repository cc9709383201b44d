"""ThreadPoolExecutor: Python's ``concurrent.futures.thread`` on threadwise.

A call goes from submit() to a worker, and its result into the future, in C++. Here is what happens less often: threads
are started, and the pool is shut down. The names, and what goes through ``_work_queue``, are those of Python's own, as
programs derive from this class, and put their own in the place of ``_worker`` and ``_WorkItem``.
"""

__author__ = "the authors of threadwise"

import functools
import itertools
import math
import os
import sys
import types
import weakref
from _queue import Empty as _StandardEmpty

from threadwise import queue, threading
from threadwise._installation import serve
from threadwise._threadwise import _Pool, _replace, _set_pools_closed, _work, _WorkItem, _WorkQueue

from . import _base
from ._base import BrokenExecutor, Executor

_threads_queues = weakref.WeakKeyDictionary()
_executors = {}  # weak references to all, by their ids
_shutdown = False
# Held while threads are started, and while these globals change.
_global_shutdown_lock = threading.Lock()


def _python_exit():
    """The interpreter ends: let the workers make the calls that are left, and wait for them."""
    global _shutdown
    with _global_shutdown_lock:
        _shutdown = True
        _set_pools_closed(True)
    for executor in _living_executors():
        executor._settle()
    workers = _threads_queues.data.copy()
    for work_queue in workers.values():
        work_queue.put(None)
    for reference in workers:
        thread = reference()
        if thread is not None:
            thread.join()


def _living_executors():
    """A list: others come and go while it is used."""
    # A copy of a dictionary is made in one step, whatever other threads do; a WeakSet is iterated in many.
    executors = [reference() for reference in _executors.copy().values()]
    return [executor for executor in executors if executor is not None]


def _forget_executor(reference, executors=_executors):
    executors.pop(id(reference), None)


# Before the non-daemon threads are joined, as those have to end for that.
threading._register_atexit(_python_exit)


def _begin_anew_after_fork():
    """In a child the workers are gone, and the calls that wait are the parent's: the pools begin anew."""
    global _shutdown
    _global_shutdown_lock._at_fork_reinit()
    _threads_queues.clear()
    for executor in _living_executors():
        executor._shutdown_lock._at_fork_reinit()
        executor._begin_anew()
        executor._threads = set()
        executor._begin_queue()
    if not threading._SHUTTING_DOWN:  # as the parent may be when one of its workers forks
        _shutdown = False
        _set_pools_closed(False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_global_shutdown_lock.acquire,
        after_in_child=_begin_anew_after_fork,
        after_in_parent=_global_shutdown_lock.release,
    )


def _run_worker(executor_reference, work_queue, initializer, initargs, context=None):
    """What a thread of a pool does, until the pool is shut down or collected."""
    if context is None and sys.version_info >= (3, 14):
        context = WorkerContext(initializer, initargs)
    try:
        if initializer is not None:
            initializer(*initargs)
    except BaseException:
        _base.LOGGER.critical("Exception in initializer:", exc_info=True)
        executor = executor_reference()
        if executor is not None:
            executor._initializer_failed()
        return
    try:
        _work(work_queue, executor_reference, _is_over, _get_from_other_queue, context)
    except BaseException:
        _base.LOGGER.critical("Exception in worker", exc_info=True)


if sys.version_info >= (3, 14):

    def _worker(executor_reference, ctx, work_queue):
        """What programs call, and replace: what a thread of a pool does."""
        try:
            _run_worker(executor_reference, work_queue, ctx.initialize, (), ctx)
        finally:
            ctx.finalize()

    def _worker_arguments(executor, reference):
        return reference, executor._create_worker_context(), executor._work_queue

else:

    def _worker(executor_reference, work_queue, initializer, initargs):
        """What programs call, and replace: what a thread of a pool does."""
        _run_worker(executor_reference, work_queue, initializer, initargs)

    def _worker_arguments(executor, reference):
        return reference, executor._work_queue, executor._initializer, executor._initargs


class WorkerContext:
    """What a worker makes its calls in, as Python 3.14 has it: here it only knows the initializer."""

    @classmethod
    def prepare(cls, initializer, initargs):
        """Two functions: one makes a context, the other makes a task of a call."""
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")

        def create_context():
            return cls(initializer, initargs)

        def resolve_task(fn, args, kwargs):
            return fn, args, kwargs

        return create_context, resolve_task

    def __init__(self, initializer, initargs):
        self.initializer = initializer
        self.initargs = initargs

    def initialize(self):
        if self.initializer is not None:
            self.initializer(*self.initargs)

    def finalize(self):
        pass

    def run(self, task):
        fn, args, kwargs = task
        return fn(*args, **kwargs)


def _get_from_other_queue(executor_reference, work_queue):
    """The next item of a queue that a program has put in the place of a pool's own."""
    try:
        return work_queue.get_nowait()
    except _NO_ITEM:
        executor = executor_reference()
        if executor is not None:
            executor._idle_semaphore.release()
        del executor
        return work_queue.get(block=True)


# Of threadwise's queues, and of the standard module's.
_NO_ITEM = (queue.Empty, _StandardEmpty)


def _is_over(executor_reference):
    executor = executor_reference()
    if not _shutdown and executor is not None and not executor._shutdown:
        return False
    if executor is not None:
        executor._close()
    return True


class BrokenThreadPool(BrokenExecutor):
    """A worker's initializer has failed."""


class ThreadPoolExecutor(_Pool, Executor):
    """An executor that makes the calls in threads."""

    BROKEN = BrokenThreadPool

    _counter = itertools.count().__next__
    _run_worker = staticmethod(_run_worker)

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
        self._begin_queue()
        self._threads = set()
        self._broken = False
        self._shutdown = False
        self._shutdown_lock = threading.Lock()
        self._thread_name_prefix = thread_name_prefix or f"ThreadPoolExecutor-{self._counter()}"
        self._initializer = initializer
        self._initargs = initargs
        self._always_adjusts = type(self)._adjust_thread_count is not _own_adjust_thread_count
        reference = weakref.ref(self, _forget_executor)
        _executors[id(reference)] = reference

    def _begin_queue(self):
        self._work_queue = _WorkQueue()
        self._idle_semaphore = self._work_queue._idle_semaphore

    if sys.version_info >= (3, 14):  # programs that start workers of their own ask whether it is there

        def _create_worker_context(self):
            return WorkerContext(self._initializer, self._initargs)

    def _resolve_work_item_task(self, fn, args, kwargs):
        return fn, args, kwargs

    def _refuse_work(self):
        if self._broken:
            raise self.BROKEN(self._broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    def _put_by_python(self, item):
        """submit() where no worker is idle: shutdown() either comes before this, or waits for that worker, too."""
        with self._shutdown_lock, _global_shutdown_lock:
            if self._broken or self._shutdown or _shutdown:
                self._refuse_work()
            self._work_queue.put(item)
            self._adjust_thread_count()

    def _adjust_thread_count(self):
        """Start a worker, if there may be one more and none is idle. With the locks held."""
        if self._idle_semaphore.acquire(blocking=False):
            return

        # When the executor is collected, a worker learns it by the None.
        def wake_worker(_, work_queue=self._work_queue):
            work_queue.put(None)

        number = len(self._threads)
        if number < self._max_workers:
            name = f"{self._thread_name_prefix or self}_{number}"
            reference = weakref.ref(self, wake_worker)
            if self._run_worker is _run_worker:
                thread = threading.Thread(name=name, target=_worker, args=_worker_arguments(self, reference))
            else:
                arguments = (reference, self._work_queue, self._initializer, self._initargs)
                thread = threading.Thread(name=name, target=self._run_worker, args=arguments)
            # Before the start, which a signal may end: a thread that has begun is told of the pool's end, and waited for.
            try:
                self._threads.add(thread)
                _threads_queues[thread] = self._work_queue
                thread.start()
            except BaseException:
                if _has_begun(thread):
                    thread._started.wait()
                else:
                    self._threads.discard(thread)
                    _threads_queues.pop(thread, None)
                raise

    def _initializer_failed(self):
        with self._shutdown_lock:
            self._broken = "A thread initializer failed, the thread pool is not usable anymore"
        self._end_queued(self._fail)

    def _fail(self, future):
        """For a call that will not be made, whatever has become of its future."""
        try:
            if future.set_running_or_notify_cancel():
                future.set_exception(self.BROKEN(self._broken))
        except Exception:
            _base.LOGGER.exception("exception failing %r", future)

    def _end_queued(self, end):
        """Call end(future) for each call in the queue, with no lock held, as it may run done callbacks.

        None is left out when one raises, or when a signal's handler does: the first exception is raised at the end. No
        function written in Python comes between an item's leaving the queue and end(), so that none is lost to a signal.
        """
        items = iter(self._work_queue.get_nowait, _nothing)
        error = None
        while True:
            try:
                for item in items:
                    if item is not None and item.future is not None:  # that of a call that C++ has submitted
                        end(item.future)
            except _NO_ITEM:
                break
            except BaseException as raised:
                error = error or raised
        if error is not None:
            raise error

    def shutdown(self, wait=True, *, cancel_futures=False):
        with self._shutdown_lock:
            self._close()
        try:
            if cancel_futures:
                self._end_queued(_base._cancel)
        finally:
            # One worker learns it by this, and tells the next.
            self._work_queue.put(None)
        if wait:
            for thread in list(self._threads):
                thread.join()

    shutdown.__doc__ = Executor.shutdown.__doc__


_own_adjust_thread_count = ThreadPoolExecutor._adjust_thread_count
_nothing = object()  # what no queue holds


def _has_begun(thread):
    return thread.ident is not None or thread._handle.ident != 0


def _cpu_count():
    """How many processors this process may use."""
    return getattr(os, "process_cpu_count", os.cpu_count)()


_base._watch(__name__, "_WorkItem", functools.partial(_replace, _WorkItem))
_base._watch(__name__, "_shutdown", lambda closed: _set_pools_closed(bool(closed)))
serve(sys.modules[__name__])
