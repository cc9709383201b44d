"""Python's _thread, with threadwise's locks and threads. What is not replaced is the interpreter's own."""

from _thread import *  # noqa: F403

from threadwise._threadwise import RLock, allocate_lock, lock

allocate = allocate_lock
LockType = lock
