#!/usr/bin/env python3
"""The interpreters of this machine, and for each a wheel of this tree and a virtual environment with it.

    python/environments.py [PYTHON]

builds the wheel for every interpreter found, or for those that PYTHON chooses (a path, or a version as in 3.13, 3.13t or 3.13d),
and prints where it is. What is made is below build/python/VERSION:

    builder/        an environment with the tools that build the wheel
    cmake/          what CMake built, so that the next build is short
    wheel/          the wheel
    environment/    a clean environment, without even pip, with the wheel and nothing else

SANITIZE=address,undefined or SANITIZE=thread builds with sanitizers (sanitizers.py) and keeps cmake-... and environment-... apart.
"""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys

import sanitizers

ROOT = pathlib.Path(__file__).resolve().parent.parent
OLDEST = (3, 10)

DESCRIBE = """
import os, sys, sysconfig
flags = "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED")) + "d" * hasattr(sys, "gettotalrefcount")
print("%d.%d.%d" % sys.version_info[:3] + flags)
print(sys.executable)
"""


@dataclasses.dataclass(frozen=True)
class Interpreter:
    version: str  # as in 3.13.0; 3.13.0t for a free-threaded one, 3.13.0d for a debug build
    executable: str

    @property
    def folder(self):
        """Where everything that is made for this interpreter goes."""
        return ROOT / "build" / "python" / self.version

    @property
    def is_free_threaded(self):
        return "t" in self.flags

    @property
    def flags(self):
        return self.version.lstrip("0123456789.")

    @property
    def release(self):
        return tuple(int(part) for part in self.version.rstrip("td").split("."))


def describe(executable):
    """The interpreter behind a command; None when there is none, or one that is too old."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        answer = subprocess.run([executable, "-I", "-c", DESCRIBE], capture_output=True, text=True, timeout=60)
        if answer.returncode == 0:
            interpreter = Interpreter(*answer.stdout.splitlines())
            return interpreter if interpreter.release >= OLDEST else None
    return None


def candidates():
    """Everything that may be an interpreter: pyenv's versions, then what is on the PATH and where Debian puts it."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    yield from sorted(pyenv.glob("versions/*/bin/python3"))
    folders = [*os.get_exec_path(), "/usr/local/bin", "/usr/bin"]
    for folder in dict.fromkeys(folders):
        yield pathlib.Path(folder, "python3")
        yield from sorted(pathlib.Path(folder).glob("python3.[0-9]*"))


def interpreters(wanted=""):
    """The interpreters that `wanted` chooses, oldest first: all but debug builds, one path, or those of a version."""
    if "/" in wanted:
        chosen = [describe(wanted)]
    else:
        found = {each.version: each for each in map(describe, reversed(list(candidates()))) if each}
        numbers = wanted.rstrip("td")
        chosen = [
            each
            for each in sorted(found.values(), key=lambda each: (each.release, each.version))
            if (each.flags == wanted[len(numbers):] and f"{each.version.rstrip('td')}.".startswith(f"{numbers}."))
            or (not wanted and "d" not in each.flags)
        ]
    if not chosen or None in chosen:
        sys.exit(f"there is no Python {wanted or '3.10 or newer'} on this machine")
    return chosen


def run(*command, **options):
    """Runs a command quietly; when it fails, shows what it said and ends."""
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nfailed with {done.returncode}: {' '.join(map(str, command))}")
    return done.stdout


def virtual_environment(interpreter, name, *options):
    """The Python of an environment of this name, made when it is not there yet."""
    folder = interpreter.folder / name
    python = folder / "bin" / "python3"
    if not python.exists():
        run(interpreter.executable, "-I", "-m", "venv", "--clear", *options, folder)
    return python


def builder(interpreter):
    """The Python of the environment that builds the wheel."""
    python = virtual_environment(interpreter, "builder")
    if subprocess.run([python, "-I", "-c", "import scikit_build_core"], capture_output=True).returncode != 0:
        run(python, "-m", "pip", "install", "--quiet", "scikit-build-core>=0.11")
    return python


def wheel(interpreter, *settings):
    """Builds this tree's wheel; `settings` go to scikit-build-core, as in "cmake.build-type=Debug"."""
    folder = interpreter.folder / f"wheel{sanitizers.suffix()}"
    shutil.rmtree(folder, ignore_errors=True)
    settings = [f"build-dir={interpreter.folder}/cmake{sanitizers.suffix()}", *sanitizers.settings(), *settings]
    run(
        *(builder(interpreter), "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"),
        *(f"--config-settings={setting}" for setting in settings),
        *("--wheel-dir", folder, ROOT),
    )
    return next(folder.glob("threadwise-*.whl"))


def install(interpreter, python, *packages):
    """Installs packages into the environment whose Python is given, which needs no pip for it."""
    pip = (builder(interpreter), "-m", "pip", f"--python={python}", "install", "--quiet")
    run(*pip, *packages, env={**os.environ, **sanitizers.variables(interpreter)})


def environment(interpreter, name="environment"):
    """The Python of a clean environment with the wheel, built from the tree as it is now, in it."""
    python = virtual_environment(interpreter, f"{name}{sanitizers.suffix()}", "--without-pip")
    install(interpreter, python, "--no-index", "--no-deps", "--force-reinstall", wheel(interpreter))
    return python


if __name__ == "__main__":
    for each in interpreters(*sys.argv[1:]):
        print(wheel(each), flush=True)
