"""Sanitizer builds of the extension, which SANITIZE asks for: address,undefined or thread, as -fsanitize= takes it.

The interpreter is not built with the sanitizer, so that what watches memory or threads has to be loaded before it. The same
environment has to reach every interpreter that the tests start.
"""

import os
import pathlib
import subprocess
import sys

SUPPRESSIONS = pathlib.Path(__file__).with_name("tsan.supp")
SANITIZE = os.environ.get("SANITIZE", "")
RUNTIMES = {"address": "libasan.so", "thread": "libtsan.so"}  # that of undefined behaviour may come with the extension
# Leaks are looked for by counting (LEAKS=1): an interpreter leaves much behind at its end, and may.
OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=1:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    # Python programs fork with threads, and start more of them in the child.
    "TSAN_OPTIONS": f"second_deadlock_stack=1:die_after_fork=0:history_size=4:suppressions={SUPPRESSIONS}",
}


def suffix():
    """Ends the names of folders, to keep what is built with a sanitizer apart."""
    return f"-{SANITIZE.replace(',', '-')}" if SANITIZE else ""


def settings():
    """For scikit-build-core: what the presets asan and tsan say."""
    if not SANITIZE:
        return ()
    return (
        *("cmake.build-type=None", "cmake.define.CMAKE_CXX_FLAGS=-O1 -g"),
        f"cmake.define.THREADWISE_SANITIZE={SANITIZE}",
    )


def library(name):
    """The path of a library of the compiler's."""
    compiler = os.environ.get("CXX", "g++").split()
    path = subprocess.run([*compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()
    if not os.path.isabs(path):
        sys.exit(f"{compiler[0]} has no {name}")
    return os.path.realpath(path)


def variables(interpreter):
    """What has to be in the environment of an interpreter that uses the extension."""
    if not SANITIZE:
        return {}
    preloaded = [library(runtime) for kind, runtime in RUNTIMES.items() if kind in SANITIZE.split(",")]
    # The runtime looks for what throws exceptions once, at the start, and the interpreter is written in C.
    environ = {**OPTIONS, "LD_PRELOAD": ":".join([*preloaded, library("libstdc++.so.6")])}
    if not interpreter.is_free_threaded:
        environ["PYTHONMALLOC"] = "malloc"  # so that no block of memory is used again unnoticed
    return environ
