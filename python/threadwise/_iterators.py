"""Iterators that threads share, as Python 3.15 has them in ``threading``."""

import functools

from threadwise._threadwise import allocate_lock

__name__ = "threading"  # where the classes and functions say that they are from


class serialize_iterator:
    """An iterator that several threads may use: one call at a time goes to the iterator that it wraps.

    send(), throw() and close() are there if that one has them, and wait for their turn, too.
    """

    __slots__ = ("_iterator", "_lock")

    def __init__(self, iterable):
        self._iterator = iter(iterable)
        self._lock = allocate_lock()

    def __iter__(self):
        return self

    def __next__(self):
        with self._lock:
            return next(self._iterator)

    def send(self, value, /):
        """Resume the generator with that value."""
        with self._lock:
            return self._iterator.send(value)

    def throw(self, *exception):
        """Raise the exception in the generator."""
        with self._lock:
            return self._iterator.throw(*exception)

    def close(self):
        """End the generator."""
        with self._lock:
            self._iterator.close()


def synchronized_iterator(func):
    """Decorates a function that returns an iterator, as a generator function does: what it returns is serialized."""

    @functools.wraps(func)
    def serialized(*args, **kwargs):
        return serialize_iterator(func(*args, **kwargs))

    return serialized


def concurrent_tee(iterable, n=2):
    """A tuple of n iterators, each of which gives everything that the iterable gives, each to be used by one thread.

    What one of them has given and another has not is kept. An iterator that comes from here may be split again.
    """
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if n == 0:
        return ()
    first = _concurrent_tee(iterable)
    return (first, *(_concurrent_tee(first) for _ in range(n - 1)))


class _concurrent_tee:
    """One of the iterators that concurrent_tee() gives: made of an iterable, or of another one, where that one is.

    The values that were read are a chain of links, [value, next link], which ends with an empty one, []. The iterator that
    comes to the end reads on and fills it, holding the lock, which is the same for all; the links that all have passed are
    collected.
    """

    __slots__ = ("iterator", "link", "lock", "__weakref__")

    def __init__(self, iterable):
        if isinstance(iterable, _concurrent_tee):
            self.iterator, self.link, self.lock = iterable.iterator, iterable.link, iterable.lock
        else:
            self.iterator, self.link, self.lock = iter(iterable), [], allocate_lock()

    def __iter__(self):
        return self

    def __next__(self):
        if not self.link:
            self._fill(self.link)
        value, self.link = self.link
        return value

    def _fill(self, link):
        with self.lock:
            if not link:  # no other iterator has filled it meanwhile
                link[:] = next(self.iterator), []
