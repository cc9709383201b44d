"""Keeps a process pool from a deadlock that the standard one may end in up to Python 3.12.7 and in 3.13.0 (gh-125451).

There one lock guards the pool's shutdown and the pipe that wakes its manager. While it is shut down, the manager holds that
lock and joins the thread that feeds the workers; which wants it to wake the manager when a call cannot be pickled. Here, as
in later versions, the pipe has a lock of its own.
"""

import contextlib
import functools

from threadwise.threading import Lock


def mend(wakeup_class, queue_class):
    """Changes the classes of a module that was loaded for threadwise alone."""
    # Not clear(), which only the manager calls: it has to be free to empty a pipe that is full.
    for name in ("close", "wakeup"):
        setattr(wakeup_class, name, _locked(getattr(wakeup_class, name)))
    _after_init(wakeup_class, lambda wakeup: setattr(wakeup, "_pipe_lock", Lock()))
    _after_init(queue_class, lambda queue: setattr(queue, "shutdown_lock", contextlib.nullcontext()))


def _locked(method):
    @functools.wraps(method)
    def call(self):
        with self._pipe_lock:
            return method(self)

    return call


def _after_init(owner, action):
    init = owner.__init__

    @functools.wraps(init)
    def call(self, *args, **kwargs):
        init(self, *args, **kwargs)
        action(self)

    owner.__init__ = call
