"""A plugin for pytest: a test that deadlocks fails, with the threads in the circle named, instead of hanging.

    pytest -p threadwise.pytest_plugin

The tests run on threadwise, as after threadwise.install(). One wait of each deadlock is made to raise DeadlockError, so that
the threads can go on, and the test fails whatever becomes of that exception.

A circle with a Lock in it may be none: another thread may still release the Lock. So it has some seconds more to end by
itself (the option deadlock_grace in pytest's settings: 5 by default).
"""

import time

import pytest

import threadwise

threadwise.install()

from threadwise import inspect  # noqa: E402  (after install(), as everything that is imported)

_DEFAULT_GRACE = "5"


class DeadlockFound(pytest.fail.Exception):
    """Why a test has failed in which threads waited for each other."""


def pytest_addoption(parser):
    parser.addini("deadlock_grace", "seconds that a suspected deadlock has to end by itself", default=_DEFAULT_GRACE)


def pytest_configure(config):
    grace = config.getini("deadlock_grace")
    try:
        plugin = _Plugin(float(grace))
    except ValueError:
        raise pytest.UsageError(f"deadlock_grace is a number of seconds, and not {grace!r}") from None
    config.pluginmanager.register(plugin, "threadwise-deadlocks")
    inspect.deadlock_hook = plugin.wait_if_suspected
    inspect._listeners.append(plugin.found.append)
    inspect.on_deadlock("throw")


def pytest_unconfigure():
    inspect.on_deadlock("ignore")
    inspect.deadlock_hook = inspect.__deadlock_hook__
    inspect._listeners.clear()


class _Plugin:
    def __init__(self, grace):
        self.grace = grace
        self.found = []  # the deadlocks that a wait has failed for since the test began

    def wait_if_suspected(self, deadlock):
        """The hook, on the reporter's thread. The wait fails after it, if it still goes on."""
        if not deadlock.certain:
            time.sleep(self.grace)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self):
        self.found.clear()
        outcome = yield
        self.judge(outcome)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self):
        outcome = yield
        self.judge(outcome)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_teardown(self):
        outcome = yield
        self.judge(outcome)

    def judge(self, outcome):
        if self.found:
            text = "\n".join(map(str, self.found))
            self.found.clear()
            outcome.force_exception(DeadlockFound(text, pytrace=False))
