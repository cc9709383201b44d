"""Lets a process pool that breaks tell all its futures, as the standard one does from Python 3.12 on.

Before that the first future that was cancelled meanwhile ends the loop: set_exception() refuses, and those after it stay
pending for ever.
"""

import functools

from ._base import InvalidStateError


class _Tolerant:
    """Stands for a future whose end may have come already."""

    def __init__(self, future):
        self._future = future

    def set_exception(self, exception):
        try:
            self._future.set_exception(exception)
        except InvalidStateError:
            pass


def mend(manager_class):
    """Changes the class of the thread that manages a pool, in a module that was loaded for threadwise alone."""
    terminate = manager_class.terminate_broken

    @functools.wraps(terminate)
    def terminate_broken(self, cause):
        for item in list(self.pending_work_items.values()):
            item.future = _Tolerant(item.future)
        terminate(self, cause)

    manager_class.terminate_broken = terminate_broken
