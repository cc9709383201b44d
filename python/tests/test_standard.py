"""The standard modules of the running interpreter and ours are asked the same, and have to answer the same."""

import fractions
import inspect
import itertools
import queue
import re
import sys
import threading
import unittest
import warnings
from concurrent import futures
from concurrent.futures import thread as pool_module

import _thread
from threadwise import _thread as our_thread
from threadwise import queue as our_queue
from threadwise import threading as our_threading
from threadwise.concurrent import futures as our_futures
from threadwise.concurrent.futures import thread as our_pool_module

STANDARD = {"threading": threading, "queue": queue, "_thread": _thread, "futures": futures, "pools": pool_module}
OURS = {
    "threading": our_threading, "queue": our_queue, "_thread": our_thread, "futures": our_futures, "pools": our_pool_module,
}  # fmt: skip


class Plain:
    """The least that a Condition takes for a lock."""

    def acquire(self, *arguments):
        return "taken"

    def release(self):
        return "free"

    def locked(self):
        return False


def answer(question, names):
    """What an expression gives, or raises, as text. Names in it without a module are threading's."""
    names = {**vars(names["threading"]), **names, "Plain": Plain, "Fraction": fractions.Fraction, "subclass": subclass}
    *steps, last = question.split("; ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for step in steps:
                exec(step, names)
            text = repr(eval(last, names))
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
    return re.sub(r"0x[0-9a-f]+|\d{9,}|Thread-\d+", "N", text.replace("threadwise.", ""))


def subclass(base):
    """A class that overrides __init__() and does not call the base's."""
    return type("Sub", (base,), {"__init__": lambda self: None})


class AnswerTests(unittest.TestCase):
    def assert_same(self, *questions):
        for question in questions:
            with self.subTest(question):
                self.assertEqual(answer(question, OURS), answer(question, STANDARD))

    @unittest.skipIf(sys.version_info < (3, 11), "Python 3.10's Event, Semaphore and Barrier do not say their state")
    def test_texts(self):
        made = "Lock() RLock() Condition() Semaphore(3) BoundedSemaphore(3) Event() Barrier(2) Thread() Timer(1,print)".split()
        made += "local() queue.Queue() queue.LifoQueue() queue.PriorityQueue() futures.Future() main_thread()".split()
        made += ["futures.ThreadPoolExecutor(1)", "Thread(None,int,'n')", "Thread(name='n',daemon=True)", "Condition(Lock())"]
        self.assert_same(*(f"x = {each}; x" for each in made))
        self.assert_same(*(f"type({each}).{name}" for each in made for name in ("__name__", "__qualname__")))
        self.assert_same(
            "x = Lock(); x.acquire(); x",
            "x = Event(); x.set(); x",
            "x = Barrier(2); x.abort(); x",
            "x = BoundedSemaphore(3); x.acquire(); x",
            "x = Thread(name='n'); x.start(); x.join(); x",
            "x = futures.Future(); x.cancel(); x",
            "x = futures.Future(); x.set_running_or_notify_cancel(); x",
            "x = futures.Future(); x.set_result(1); x",
            "x = futures.Future(); x.set_exception(ValueError(1)); x",
            "x = type('Sub', (Event,), {})(); x",
            "x = type('Sub', (Thread,), {})(name='n'); x",
            "x = type('Sub', (futures.Future,), {})(); x",
        )

    @unittest.skipIf(sys.version_info < (3, 11), "Python 3.10 says less")
    def test_running_twice(self):
        self.assert_same("x = Thread(); x.run(); x.run()")

    def test_wrong_use(self):
        self.assert_same(
            "Lock().release()",
            "RLock().release()",
            "Condition().release()",
            "BoundedSemaphore().release()",
            "Semaphore().release(0)",
            "Semaphore(-1)",
            "Semaphore().acquire(False, 1)",
            "Lock().acquire(False, 1)",
            "Lock().acquire(True, -2)",
            "Lock().acquire(True, float('nan'))",
            "Lock().acquire(True, 'x')",
            "Condition().wait()",
            "Condition().wait_for(int)",
            "Condition().wait_for(int, 0)",
            "Condition().notify()",
            "Condition(5)",
            "RLock()._release_save()",
            "Barrier(2).wait(0)",
            "Barrier(1, lambda: 1 / 0).wait()",
            "Thread().join()",
            "current_thread().join()",
            "main_thread().start()",
            "Thread(1)",
            "x = Thread(); x.start(); x.join(); x.start()",
            "x = Thread(); x.start(); x.join(); x.daemon = True",
            "subclass(Thread)().start()",
            "subclass(Thread)().join()",
            "subclass(Thread)().name",
            "subclass(Thread)()",
            "stack_size(1)",
            "stack_size('x')",
            "local(1)",
            "queue.Queue().get(False)",
            "queue.Queue().get(True, -1)",
            "queue.SimpleQueue().get(True, -1)",
            "queue.Queue().task_done()",
            "x = queue.Queue(1); x.put(1); x.put_nowait(2)",
            "x = queue.PriorityQueue(); x.put(1); x.put('a')",
            "x = futures.Future(); x.set_result(1); x.set_result(2)",
            "x = futures.Future(); x.cancel(); x.result()",
            "futures.Future().result(0)",
            "futures.wait([futures.Future()], 0, 'x')",
            "next(futures.as_completed([futures.Future()], 0))",
            "futures.ThreadPoolExecutor(0)",
            "futures.ThreadPoolExecutor('x')",
            "futures.ThreadPoolExecutor(1, initializer=5)",
            "x = futures.ThreadPoolExecutor(1); x.shutdown(); x.submit(int)",
            "_thread.start_new_thread(5, ())",
            "_thread.start_new_thread(int, 5)",
            "excepthook(5)",
        )  # fmt: skip

    def test_attributes_that_are_not_there(self):
        objects = "Lock() RLock() Condition() Semaphore() Event() Thread() queue.Queue() futures.Future() local()".split()
        for deed in "x.nothing", "del x.nothing", "len(x)", "x < x", "x[0]", "x()":
            self.assert_same(*(f"x = {each}; {deed}" for each in objects))

    def test_less_usual_arguments(self):
        self.assert_same(
            "Condition(Plain()).acquire()",
            "Condition(Plain()).release()",
            "x = Condition(Condition()); x.acquire(); x.wait(0)",
            "x = Condition(); x.acquire(); x.wait_for(lambda: 5, 0)",
            "Semaphore(0).acquire(True, Fraction(0))",
            "x = queue.Queue(); x.put(1); x.get(True, Fraction(1, 2))",
            "queue.Queue().get(True, Fraction(0))",
            "futures.Future().exception(Fraction(0))",
            "futures.wait([], Fraction(0))",
            "x = Thread(); x.setName(name='n'); x.name",
            "x = Thread(); x.setDaemon(daemonic=True); x.daemon",
            "Thread(target=int, name='').name",
            "Thread(target=int, name=0).name",
            "Thread(name=5).name",
            "x = futures.ThreadPoolExecutor(1.5); x.submit(int).result()",
            "x = futures.ThreadPoolExecutor(float('inf')); x.submit(int).result()",
            "Timer(1, int, None, None).args",
            "Timer(interval=1, function=int, args=[1], kwargs={}).kwargs",
            "x = Barrier(1); x.wait()",
            "x = RLock(); x._acquire_restore((1, get_ident())); x._is_owned()",
        )

    def test_what_new_objects_may_be_made_by(self):
        for name in "Thread", "Timer":
            make = f"x = object.__new__({name})"
            self.assert_same(*(f"{make}; {deed}" for deed in ("x", "x.name", "x.start()", "x.join()", "x.is_alive()")))
            self.assert_same(f"{make}; {name}.__init__(x, *[0, int][:{2 * (name == 'Timer')}]); x.start(); x.join(); x.is_alive()")


class NameTests(unittest.TestCase):
    def test_the_public_names_are_there(self):
        for name, module in STANDARD.items():
            for public in getattr(module, "__all__", ()):
                self.assertTrue(hasattr(OURS[name], public), f"{name}.{public}")
                self.assertIn(public, OURS[name].__all__)

    def test_what_dir_names_can_be_had(self):
        for module in OURS.values():
            self.assertEqual([name for name in dir(module) if not hasattr(module, name)], [])

    def test_parameters_have_the_same_names(self):
        pairs = [(f"{name}.{public}", getattr(module, public), getattr(OURS[name], public))
                 for name, module in STANDARD.items() for public in getattr(module, "__all__", ())
                 if callable(getattr(module, public))]  # fmt: skip
        for name, old, new in pairs:
            self.compare(name, old, new)
            if not inspect.isclass(old) or issubclass(old, Exception):
                continue
            for method, value in inspect.getmembers(old, inspect.isroutine):
                if not method.startswith("_") and method != "prepare_context":  # see differences.md
                    self.compare(f"{name}.{method}", value, getattr(new, method))

    def compare(self, name, old, new):
        """Later versions' parameters come last, and by keyword alone."""
        try:
            expected = list(inspect.signature(old).parameters.values())
        except ValueError:
            return  # the standard one does not say
        if any(each.kind is each.VAR_KEYWORD for each in expected) and inspect.isclass(new):
            return  # it passes on what others understand
        given = list(inspect.signature(new).parameters.values())
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

        def described(parameters):
            kept = itertools.dropwhile(lambda each: each.name in ("self", "$self"), parameters)
            return [(each.kind == each.VAR_POSITIONAL or each.name, repr(each.default), each.kind) for each in kept]

        expected, given = described(expected), described(given)
        added = [each for each in given if each not in expected]
        self.assertEqual([each for each in given if each in expected], expected, name)
        self.assertFalse([each for each in added if each[2] in positional], name)


if __name__ == "__main__":
    unittest.main()
