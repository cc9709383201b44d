"""run_leaks.py MODULE REPORT SKIPS LIMIT: like run_module.py, but has CPython's regrtest run the module six times in one
process, and look after each of the last three for references, blocks of memory and file descriptors that are left over.

References are counted by debug builds of the interpreter; elsewhere it is the blocks that tell.
"""

import contextlib
import faulthandler
import json
import os
import signal
import sys

import run_module

REPEATS = "3:3"  # the first three fill caches


def main(name, report, skips, limit):
    from test.libregrtest.main import main as regrtest

    # As in run_module.py.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.dump_traceback_later(float(limit), exit=True)
    if not hasattr(sys, "gettotalrefcount"):
        sys.gettotalrefcount = lambda: 0
    found = os.path.abspath("leaks.txt")
    ignored = [option for test in run_module.skipped_by_name(skips) for option in ("-i", test)]
    sys.argv[1:] = ["-R", f"{REPEATS}:{found}", *ignored, name]
    failed = []
    try:
        regrtest()
    except SystemExit as end:
        failed += [f"regrtest ended with {end.code}"] if end.code else []
    with contextlib.suppress(FileNotFoundError), open(found) as lines:
        failed += [line.strip() for line in lines]
    with open(report, "w") as file:
        json.dump({"run": 0, "tests": [], "skipped": [], "failed": failed, "served": run_module.serving()}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
