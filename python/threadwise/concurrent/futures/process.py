"""ProcessPoolExecutor: Python's own, working with threadwise's futures.

The standard module is loaded a second time, under this name, in such a way that its own imports of
``concurrent.futures``, ``queue`` and ``threading`` give threadwise's modules.
"""

import builtins
import importlib.util
import os
import sys
import sysconfig

from threadwise._installation import serve

from . import _base


def _load(module_globals):
    path = os.path.join(sysconfig.get_path("stdlib"), "concurrent", "futures", "process.py")
    with open(path, "rb") as file:
        source = importlib.util.decode_source(file.read())
    module_globals["__builtins__"] = {**vars(builtins), "__import__": _import}
    module_globals["__file__"] = path
    exec(compile(source, path, "exec"), module_globals)


def _import(name, globals=None, locals=None, fromlist=(), level=0):
    if name == "concurrent.futures" and "_base" in (fromlist or ()):
        return _Futures
    return builtins.__import__(name, globals, locals, fromlist, level)


class _Futures:
    """What the standard module imports from concurrent.futures."""

    _base = _base


_load(globals())

if sys.version_info < (3, 14):
    from . import _process_additions

    _process_additions.add_to(ProcessPoolExecutor)  # noqa: F821  (loaded above)

if sys.version_info < (3, 12):
    from . import _process_broken

    _process_broken.mend(_ExecutorManagerThread)  # noqa: F821

if (3, 12) <= sys.version_info < (3, 12, 8) or (3, 13) <= sys.version_info < (3, 13, 1):
    from . import _process_wakeup

    _process_wakeup.mend(_ThreadWakeup, _SafeQueue)  # noqa: F821

serve(sys.modules[__name__])
