"""run_module.py MODULE REPORT SKIPS LIMIT: runs one module of the package `test` and writes down as JSON how it went.

Processes that the tests spawn import this file again.
"""

import sys

STANDARD = ("_thread", "threading", "queue", "concurrent.futures")


def serving():
    """Pairs of a standard module that is loaded and the module that stands under its name."""
    loaded = [(name, sys.modules[name]) for name in STANDARD if sys.modules.get(name)]
    return [(name, module.__spec__.name) for name, module in loaded]


def skipped_by_name(path):
    """What skips.txt says about this version: a dictionary from a test's name to the reason."""
    versions = ("*", "{}.{}".format(*sys.version_info))
    with open(path) as lines:
        listed = [line.strip().split(None, 2) for line in lines if line.strip() and not line.startswith("#")]
    return {test: reason for test, version, reason in listed if version in versions}


def listed(suite, reasons):
    """Pairs of a test in the suite that is to be skipped and the reason."""
    for test in suite:
        if hasattr(test, "__iter__"):
            yield from listed(test, reasons)
        elif test.id() in reasons:
            yield test, reasons[test.id()]


def whole(test):
    """The test that a sub-test is part of; any other is that itself."""
    return getattr(test, "test_case", test)


def main(name, report, skips, limit):
    import faulthandler
    import json
    import signal
    import unittest

    # Who starts this in the background may have had it ignored, and the tests interrupt themselves.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.dump_traceback_later(float(limit), exit=True)
    served, tests = {}, set()

    class Result(unittest.TextTestResult):
        """Looks after each test at what served it: threadwise, or the standard module with the test that met it."""

        def addSkip(self, test, reason):
            super().addSkip(test, reason)
            if isinstance(whole(test), unittest.TestCase):  # and not what stands for a class's setUp
                tests.add(whole(test).id())  # which 3.12.1 neither starts, nor counts, nor stops

        def stopTest(self, test):
            super().stopTest(test)
            tests.add(test.id())
            for module, by in serving():
                if not by.startswith("threadwise."):
                    served[module] = f"{by} in {test.id()}"
                else:
                    served.setdefault(module, by)

    suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{name}")
    for test, reason in listed(suite, skipped_by_name(skips)):
        setattr(test, test._testMethodName, unittest.skip(reason)(lambda: None))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(suite)
    bad = [*result.failures, *result.errors, *((test, "") for test in result.unexpectedSuccesses)]
    outcome = {
        "run": max(result.testsRun, len(tests)),
        "tests": sorted(tests),
        "skipped": sorted(whole(test).id() for test, _ in result.skipped),
        "failed": sorted({whole(test).id() for test, _ in bad}),
        "served": list(served.items()),
    }
    with open(report, "w") as file:
        json.dump(outcome, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
