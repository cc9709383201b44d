"""The parts of a queue that somebody has asked for: a mutex, three conditions and a container.

A queue of threadwise's is one C++ object until a program uses ``Queue.mutex``, ``not_empty``, ``queue`` and the like,
or a subclass keeps the items in its own way. From then on it works on an object of these classes, step by step as
Python documents it. ``owner`` is the queue, whose functions and ``maxsize`` a subclass may have replaced.
"""

import heapq
from collections import deque

from threadwise import queue, threading
from threadwise._threadwise import Empty, Full, ShutDown

# Tools that stop the clock for a test let the modules `queue` and `threading` have the true one, by these names.
__name__ = "queue"


class Parts:
    """First in, first out."""

    container = deque

    def __init__(self):
        self.mutex = threading.Lock()
        self.not_empty = threading.Condition(self.mutex)
        self.not_full = threading.Condition(self.mutex)
        self.all_tasks_done = threading.Condition(self.mutex)
        self.queue = self.container()
        self.unfinished_tasks = 0
        self.is_shutdown = False
        self.mutex.acquire()  # until the C++ object has put into the parts what it holds

    # What a subclass may replace; with the mutex held.

    def keep_nothing(self, owner, maxsize):
        self.queue = self.container()

    def keep_size(self, owner):
        return len(self.queue)

    def keep_put(self, owner, item):
        self.queue.append(item)

    def keep_get(self, owner):
        return self.queue.popleft()

    # The functions of a queue.

    def put(self, owner, item, block, timeout):
        with self.mutex:
            self._expect_open()
            if owner.maxsize > 0:
                self._wait_while(
                    lambda: owner._qsize() >= owner.maxsize, self.not_full, block, timeout, Full, self._expect_open
                )
            owner._put(item)
            self.unfinished_tasks += 1
            self.not_empty.notify()

    def get(self, owner, block, timeout):
        def expect_items():
            if self.is_shutdown and not owner._qsize():
                raise ShutDown

        with self.mutex:
            expect_items()
            self._wait_while(lambda: not owner._qsize(), self.not_empty, block, timeout, Empty, expect_items)
            item = owner._get()
            self.not_full.notify()
            return item

    def qsize(self, owner):
        with self.mutex:
            return owner._qsize()

    def empty(self, owner):
        with self.mutex:
            return not owner._qsize()

    def full(self, owner):
        with self.mutex:
            return 0 < owner.maxsize <= owner._qsize()

    def task_done(self, owner):
        with self.mutex:
            if self.unfinished_tasks <= 0:
                raise ValueError("task_done() called too many times")
            self.unfinished_tasks -= 1
            if self.unfinished_tasks == 0:
                self.all_tasks_done.notify_all()

    def join(self, owner):
        with self.mutex:
            while self.unfinished_tasks:
                self.all_tasks_done.wait()

    def shutdown(self, owner, immediate):
        dropped = []  # let go when the mutex is free: what dies with them may use the queue
        with self.mutex:
            self.is_shutdown = True
            if immediate:
                while owner._qsize():
                    dropped.append(owner._get())
                    self.unfinished_tasks = max(self.unfinished_tasks - 1, 0)
                self.all_tasks_done.notify_all()
            self.not_empty.notify_all()
            self.not_full.notify_all()

    def _expect_open(self):
        if self.is_shutdown:
            raise ShutDown

    def _wait_while(self, hindered, condition, block, timeout, error, check):
        """Wait on the condition; raise the error if that is not allowed, or takes too long."""
        deadline = None if timeout is None else queue.time() + timeout
        while hindered():
            if not block:
                raise error
            left = None if deadline is None else deadline - queue.time()
            if left is not None and left <= 0:
                raise error
            condition.wait(left)
            check()


class LifoParts(Parts):
    """The newest first."""

    container = list

    def keep_get(self, owner):
        return self.queue.pop()


class PriorityParts(Parts):
    """The smallest first."""

    container = list

    def keep_put(self, owner, item):
        heapq.heappush(self.queue, item)

    def keep_get(self, owner):
        return heapq.heappop(self.queue)
