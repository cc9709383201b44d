"""Queues between threads: Python's module ``queue`` on threadwise."""

from threadwise._threadwise import (
    Empty,
    Full,
    LifoQueue,
    PriorityQueue,
    Queue,
    ShutDown,
    SimpleQueue,
)

__all__ = ["Empty", "Full", "ShutDown", "Queue", "PriorityQueue", "LifoQueue", "SimpleQueue"]

# The standard module keeps its version in Python under this name.
_PySimpleQueue = SimpleQueue
