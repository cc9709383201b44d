"""How threadwise's modules come to stand under the names of the standard ones, and how they leave again.

A finder at the front of sys.meta_path answers for those names with threadwise's modules, so that whoever imports them from
then on gets ours, even after a name was deleted from sys.modules. What was imported before is replaced wherever the globals
of a loaded module refer to it; uninstall() puts that back.

This module imports nothing that imports `threading`: a program's first import of that may come from any thread.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec

# Each name, and the module of ours that serves it.
SERVED = {
    "_thread": "threadwise._thread",
    "_queue": "threadwise.queue",
    "threading": "threadwise.threading",
    "queue": "threadwise.queue",
    "concurrent.futures": "threadwise.concurrent.futures",
    "concurrent.futures._base": "threadwise.concurrent.futures._base",
    "concurrent.futures.thread": "threadwise.concurrent.futures.thread",
    "concurrent.futures.process": "threadwise.concurrent.futures.process",
}
if sys.version_info >= (3, 14):
    SERVED["concurrent.futures.interpreter"] = "threadwise.concurrent.futures.interpreter"

_standard_names = {own: name for name, own in SERVED.items()}

_standard = {}  # the standard modules that install() replaced, by name
_rebound = []  # the globals that install() replaced: (a module's dictionary, name, the standard object, ours)
_renamed = {}  # public classes of ours, and the names of the modules that they said that they are from


class _Finder:
    """Answers for the names in SERVED. It is the loader, too: the module is ours, executed already under its own name."""

    def __init__(self):
        self.own_specs = {}

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self, origin=SERVED[name]) if name in SERVED else None

    def create_module(self, spec):
        module = import_module(spec.origin)
        _rename_classes(module)
        self.own_specs.setdefault(module, module.__spec__)
        return module

    def exec_module(self, module):
        # The import system has just written the name's spec into our module.
        module.__spec__ = self.own_specs[module]
        _serve_submodules()


_finder = _Finder()


def install():
    """Puts threadwise's modules in the place of `threading`, `queue`, `_thread` and `concurrent.futures`, for this process.

    From then on every import of those names gives threadwise's modules. Modules that are loaded already see them, too:
    where their globals name a standard module or something public in it, they are made to name ours. What was built from
    the standard ones before stays what it is and goes on working: objects, subclasses, running threads.

    Does nothing when threadwise is installed already. Call it while no other thread imports.
    """
    if _finder in sys.meta_path:
        return
    replaced = {name: import_module(own) for name, own in SERVED.items() if name in sys.modules}
    sys.meta_path.insert(0, _finder)
    for name, module in replaced.items():
        _standard[name] = sys.modules[name]
        _stand_under(name, module)
    for own in _standard_names.keys() & sys.modules.keys():
        _rename_classes(sys.modules[own])
    _serve_submodules()
    _rebind({id(old): (old, new) for name, new in replaced.items() for old, new in _counterparts(_standard[name], new)})
    if "threading" in _standard:
        # The interpreter ends by calling the _shutdown() of the module under this name: ours, from now on.
        replaced["threading"]._register_atexit(_standard["threading"]._shutdown)


def uninstall():
    """Puts the standard modules back in the place that install() took from them.

    Later imports give the standard modules, and the globals that install() changed refer to them again. What was imported
    or made between the two is threadwise's and stays so. Does nothing when threadwise is not installed.
    """
    if _finder not in sys.meta_path:
        return
    sys.meta_path.remove(_finder)
    for variables, name, old, new in _rebound:
        if variables.get(name) is new:
            variables[name] = old
    for name, own in SERVED.items():
        if name in sys.modules and sys.modules[name] is sys.modules.get(own):
            _stand_under(name, _standard.get(name))
    for each, own_name in _renamed.items():
        each.__module__ = own_name
    _rebound.clear()
    _standard.clear()
    _renamed.clear()


def serve(module):
    """A module of ours calls it at its end: while threadwise is installed it is there under the standard name, too.

    So it is where a standard module's import of it would have left it, as `concurrent.futures._base` after an import of
    `concurrent.futures`.
    """
    if _finder in sys.meta_path:
        _rename_classes(module)
        _serve_submodules()


def _serve_submodules():
    """Makes the modules of ours that are loaded stand under the standard names, where we serve the package that they are in."""
    for name, own in SERVED.items():
        package = name.rpartition(".")[0]
        serves = package in SERVED and package in sys.modules and sys.modules[package] is sys.modules.get(SERVED[package])
        if serves and own in sys.modules and name not in sys.modules:
            _stand_under(name, sys.modules[own])


def _rename_classes(module):
    """Makes the public classes in a module of ours say that they are from the standard one, while threadwise is installed.

    So what is pickled means the same to a program that runs on the standard modules, and texts name what everybody knows.
    """
    for name, value in vars(module).items():
        own_name = getattr(value, "__module__", None)
        if isinstance(value, type) and not name.startswith("_") and own_name in _standard_names:
            _renamed[value] = own_name
            value.__module__ = _standard_names[own_name]


def _stand_under(name, module):
    """Makes `name` mean this module, or nothing when it is None, for later imports and as an attribute of its package."""
    package, _, attribute = name.rpartition(".")
    package = sys.modules.get(package)
    if module is not None:
        sys.modules[name] = module
        package and setattr(package, attribute, module)
    else:
        del sys.modules[name]
        package and vars(package).pop(attribute, None)


def _counterparts(standard, own):
    """Pairs of an object of the standard module and ours: the modules themselves, then their public classes and functions."""
    yield standard, own
    for name in getattr(standard, "__all__", [name for name in vars(standard) if not name.startswith("_")]):
        old, new = vars(standard).get(name), getattr(own, name, None)
        if callable(old) and new is not None and new is not old:
            yield old, new


def _rebind(replacements):
    """Replaces objects, by identity, in the globals of every loaded module but the standard ones, ours and the importer's."""
    spared = [*_standard.values(), sys.modules["importlib._bootstrap"], sys.modules["importlib._bootstrap_external"]]
    for module in list(sys.modules.values()):
        name = getattr(module, "__name__", "")
        if module in spared or not isinstance(name, str) or name.split(".")[0] == "threadwise":
            continue
        for key, value in list(getattr(module, "__dict__", {}).items()):
            if id(value) in replacements:
                old, new = replacements[id(value)]
                module.__dict__[key] = new
                _rebound.append((module.__dict__, key, old, new))
