"""Runs an unmodified program on threadwise.

usage: python [option]... -m threadwise [-m module | -c command | script.py] [argument]...

Everything means what it means to the interpreter itself, which this command only starts anew, with THREADWISE_INSTALL set in
its environment: then threadwise.install() is the first thing that it does, and that every interpreter does which it starts.
"""

import os
import site
import sys


def interpreter_options(command):
    """The options before `-m threadwise` in an interpreter's command line, which may be joined, as in `-Im threadwise`."""
    *options, last = command[1:]
    if last == "threadwise":
        *options, last = options
    last = last.removesuffix("threadwise").removesuffix("m")
    return options if last in ("", "-") else [*options, last]


def installed_at_start():
    """Whether the interpreter will find the file threadwise.pth that calls install() when it starts."""
    here = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    known = here in map(os.path.realpath, folders) and os.path.exists(os.path.join(here, "threadwise.pth"))
    return known and not sys.flags.no_site


def main():
    given = sys.argv[1:]
    if given[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return
    if not installed_at_start():
        sys.exit(
            "threadwise: an interpreter that starts would not find it: install threadwise into this interpreter with pip and"
            " start it without -S, or call threadwise.install() in the program"
        )
    options = interpreter_options(sys.orig_argv[: len(sys.orig_argv) - len(given)])
    os.environ["THREADWISE_INSTALL"] = "1"
    os.execv(sys.executable, [sys.executable, *options, *given])


if __name__ == "__main__":
    main()
