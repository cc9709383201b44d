"""Python's threading over threadwise."""

from threadwise._threadwise import RLock, allocate_lock, lock

Lock = lock
