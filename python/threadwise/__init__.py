"""Python's threading, queue and concurrent.futures over threadwise's C++ core.

Import `threadwise.threading`, `threadwise.queue` or `threadwise.concurrent.futures`; or put them in the place of the standard
modules with install(); or run a program that knows nothing of them with `python -m threadwise`.
"""

import os as _os

from threadwise._installation import install, uninstall

__all__ = ["get_include", "install", "uninstall"]


def get_include():
    """The folder with the header threadwise/python.hpp, for extension modules that share objects with Python."""
    return _os.path.join(_os.path.dirname(__file__), "include")
