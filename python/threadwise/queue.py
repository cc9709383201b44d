"""Queues between threads: Python's module ``queue`` on threadwise."""

# What the standard module imports, and programs import from it, or replace in it.
import types
from collections import deque
from heapq import heappop, heappush
from time import monotonic as time

from threadwise import threading
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
