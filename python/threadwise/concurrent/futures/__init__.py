"""Futures and executors: Python's ``concurrent.futures`` on threadwise."""

__author__ = "the authors of threadwise"

import sys

from ._base import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    InvalidStateError,
    TimeoutError,
    as_completed,
    wait,
)

__all__ = [
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "ALL_COMPLETED",
    "CancelledError",
    "TimeoutError",
    "InvalidStateError",
    "BrokenExecutor",
    "Future",
    "Executor",
    "wait",
    "as_completed",
    "ProcessPoolExecutor",
    "ThreadPoolExecutor",
]

try:
    import _interpreters
except ImportError:
    _interpreters = None
if _interpreters and sys.version_info >= (3, 14):
    __all__.append("InterpreterPoolExecutor")


def __dir__():
    return [*__all__, "__author__", "__doc__"]


def __getattr__(name):
    """The pools are imported when they are first asked for, as in Python's own."""
    global InterpreterPoolExecutor, ProcessPoolExecutor, ThreadPoolExecutor
    if name == "ProcessPoolExecutor":
        from .process import ProcessPoolExecutor

        return ProcessPoolExecutor
    if name == "ThreadPoolExecutor":
        from .thread import ThreadPoolExecutor

        return ThreadPoolExecutor
    if name == "InterpreterPoolExecutor" and name in __all__:
        from .interpreter import InterpreterPoolExecutor

        return InterpreterPoolExecutor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
