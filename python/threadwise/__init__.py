"""Python's threading, queue and concurrent.futures over threadwise's C++ core.

Import `threadwise.threading`, `threadwise.queue` or `threadwise.concurrent.futures`; or put them in the place of the standard
modules with install(); or run a program that knows nothing of them with `python -m threadwise`.
"""

from threadwise._installation import install, uninstall

__all__ = ["install", "uninstall"]
