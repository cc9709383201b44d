"""InterpreterPoolExecutor, of Python 3.14 and later: Python's own, whose workers and futures are threadwise's.

The standard module is loaded a second time, under this name, with what it derives from replaced. It knows how to begin an
interpreter and to make a call in it; here is how the workers of threadwise's pool come to do that.
"""

import builtins
import importlib.util
import os
import sys
import sysconfig

if sys.version_info < (3, 14):
    raise ImportError("InterpreterPoolExecutor needs Python 3.14")

from threadwise import threading

from . import thread

_current = threading.local()


def _work_in_context(executor_reference, work_queue, make_context, _):
    """What a worker does: as in any pool, but with an interpreter of its own from its begin to its end."""
    _current.context = context = make_context()
    try:
        thread._run_worker(executor_reference, work_queue, context.initialize, ())
    finally:
        context.finalize()


def _call(task):
    return _current.context.run(task)


class _Pool(thread.ThreadPoolExecutor):
    """What the standard class derives from: it defines prepare_context()."""

    _run_worker = staticmethod(_work_in_context)

    def __init__(self, max_workers=None, thread_name_prefix="", initializer=None, initargs=()):
        make_context, self._prepare = self.prepare_context(initializer, initargs)
        super().__init__(max_workers, thread_name_prefix, make_context)

    def submit(self, fn, /, *args, **kwargs):
        return super().submit(_call, self._prepare(fn, args, kwargs))

    submit.__doc__ = thread.ThreadPoolExecutor.submit.__doc__


class _Thread:
    """What the standard module imports as the module of ThreadPoolExecutor."""

    WorkerContext = object
    BrokenThreadPool = thread.BrokenThreadPool
    ThreadPoolExecutor = _Pool


class _Package:
    thread = _Thread


def _import(name, globals=None, locals=None, fromlist=(), level=0):
    if level == 1 and "thread" in (fromlist or ()):
        return _Package
    return builtins.__import__(name, globals, locals, fromlist, level)


def _load(module_globals):
    path = os.path.join(sysconfig.get_path("stdlib"), "concurrent", "futures", "interpreter.py")
    with open(path, "rb") as file:
        source = importlib.util.decode_source(file.read())
    module_globals["__builtins__"] = {**vars(builtins), "__import__": _import}
    module_globals["__file__"] = path
    exec(compile(source, path, "exec"), module_globals)


_load(globals())
