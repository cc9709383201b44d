"""What others see of a thread from start() to its end: the program that starts it, debuggers, profilers, hooks."""

import contextlib
import ctypes
import importlib.util
import io
import logging
import sys
import traceback
import unittest
from unittest import mock

from threadwise import _thread, threading

import programs

IS_JOINABLE = sys.version_info >= (3, 13)


@contextlib.contextmanager
def no_switches():
    """Whoever holds the interpreter keeps it until it waits or ends."""
    own = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        yield
    finally:
        sys.setswitchinterval(own)


class MemoryTests(unittest.TestCase):
    @unittest.skipUnless(importlib.util.find_spec("_testcapi"), "needs CPython's _testcapi")
    def test_a_thread_that_has_no_memory_for_its_state_does_not_begin(self):
        """One allocation after the other fails, some of them in the new thread; each time the program goes on."""
        printed = programs.run(
            source="""
            import _testcapi, sys
            from threadwise import _thread, threading

            def try_all(operation, *arguments):
                for k in range(40):
                    _testcapi.set_nomemory(k, k + 1)
                    try:
                        operation(*arguments)
                    except (MemoryError, RuntimeError):
                        pass
                    finally:
                        _testcapi.remove_mem_hooks()

            sys.unraisablehook = threading.excepthook = lambda *args: None

            def run(daemon):
                thread = threading.Thread(target=int, daemon=daemon)
                try:
                    thread.start()
                finally:
                    failed = thread.ident is None
                    _testcapi.remove_mem_hooks()
                    if failed and not thread._started.is_set():
                        thread.start()
                    thread.join()

            def start_raw():
                _thread.start_new_thread(int, ())  # which knows nothing of Thread objects

            for daemon in (True, False):
                try_all(run, daemon)
            try_all(start_raw)
            print("goes on")
            """
        )
        self.assertEqual(printed, ["goes on"])


class StartTests(unittest.TestCase):
    def test_it_runs_when_start_returns(self):
        """As that of a worker whose stop() comes right after start(): run() says first that it runs."""

        class Worker(threading.Thread):
            running = False

            def run(self):
                self.running = True
                seen.append(self.running)

        for daemon in (False, True):
            with self.subTest(daemon=daemon):
                for _ in range(50):
                    seen = []
                    with no_switches():
                        worker = Worker(daemon=daemon)
                        worker.start()
                        was_running, worker.running = worker.running, False
                    worker.join()
                    if programs.HAS_GIL:
                        self.assertTrue(was_running)
                    self.assertEqual(seen, [True])

    @unittest.skipUnless(programs.HAS_GIL, "any order is right without a lock")
    def test_threads_begin_in_the_order_of_their_starts(self):
        order = []
        with no_switches():
            threads = [threading.Thread(target=order.append, args=[i]) for i in range(50)]
            for thread in threads:
                thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(order, list(range(50)))

    def test_the_interpreter_knows_it_when_start_returns(self):
        leave = threading.Event()
        for daemon in (False, True):
            thread = threading.Thread(target=leave.wait, daemon=daemon)
            thread.start()
            self.assertIs(threading._active[thread.ident], thread)
            self.assertIn(thread.ident, sys._current_frames())
        leave.set()

    @unittest.skipUnless(sys.implementation.name == "cpython", "needs the C API")
    def test_an_exception_may_be_sent_to_it_at_once(self):
        def spin():
            with contextlib.suppress(LookupError):
                while True:
                    pass

        for _ in range(20):
            thread = threading.Thread(target=spin)
            thread.start()
            sent = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(LookupError))
            self.assertEqual(sent, 1)
            thread.join()

    def test_a_thread_that_runs_c_alone_has_frames(self):
        leave = threading.Lock()
        leave.acquire()
        thread = threading.Thread(target=leave.acquire)
        thread.start()
        names = [frame.f_code.co_name for frame, _ in traceback.walk_stack(sys._current_frames()[thread.ident])]
        leave.release()
        thread.join()
        self.assertEqual(names[-3:], ["run", "_bootstrap_inner", "_bootstrap"])

    def test_one_that_fails_before_it_runs_leaves_nothing(self):
        failures = {
            "_bootstrap": mock.Mock(side_effect=MemoryError),
            "_bootstrap_inner": mock.Mock(side_effect=MemoryError),
            "_set_ident": mock.Mock(side_effect=MemoryError),
            "_set_native_id": mock.Mock(side_effect=MemoryError),
        }
        before = threading.enumerate()
        for name, failure in failures.items():
            with self.subTest(name), mock.patch.object(sys, "unraisablehook", lambda _: None):
                thread = type("Failing", (threading.Thread,), {name: failure})()
                thread.start()
                thread.join()
                self.assertFalse(thread.is_alive())
                failure.assert_called_once_with()
            self.assertEqual((threading.enumerate(), threading._limbo), (before, {}))

    def test_one_that_cannot_be_started_leaves_nothing(self):
        name = "_start_joinable_thread" if IS_JOINABLE else "_start_new_thread"
        thread = threading.Thread()
        with mock.patch.object(threading, name, side_effect=RuntimeError("can't start new thread")):
            self.assertRaisesRegex(RuntimeError, "can't start new thread", thread.start)
        self.assertEqual(threading._limbo, {})
        thread.start()
        thread.join()

    def test_all_that_live_are_enumerated(self):
        stop = threading.Event()
        busy = threading.Thread(target=lambda: [None for _ in iter(stop.is_set, True)])
        busy.start()
        for _ in range(20):
            leave = threading.Event()
            threads = [threading.Thread(target=leave.wait) for _ in range(5)]
            for started, thread in enumerate(threads, 1):
                thread.start()
                found = threading.enumerate()
                self.assertLessEqual({busy, *threads[:started]}, set(found))
                self.assertEqual(len(found), len(set(found)))
                self.assertGreaterEqual(threading.active_count(), 2 + started)
            leave.set()
            for thread in threads:
                thread.join()
        stop.set()
        busy.join()

    def test_audit_hooks_hear_of_it(self):
        printed = programs.run(
            source="""
            import sys
            from threadwise import threading, _thread
            from threadwise.concurrent.futures import ThreadPoolExecutor

            def hook(event, args):
                if event.startswith("_thread.start"):
                    print(event, getattr(args[0], "__name__", args[0]), *map(type, args[1:]), flush=True)

            sys.addaudithook(hook)
            threading.Thread(target=int, daemon=True).start()
            _thread.start_new_thread(int, ())
            ThreadPoolExecutor(1).submit(int).result()
            """
        )
        if IS_JOINABLE:
            started = "_thread.start_joinable_thread _bootstrap <class 'int'> <class '_thread._ThreadHandle'>"
        else:
            started = "_thread.start_new_thread _bootstrap <class 'tuple'> <class 'NoneType'>"
        plain = "_thread.start_new_thread int <class 'tuple'> <class 'NoneType'>"
        self.assertEqual(printed, [started, plain, started])

    def test_an_audit_hook_may_forbid_it(self):
        printed = programs.run(
            source="""
            import sys
            from threadwise import threading

            def hook(event, args):
                if event.startswith("_thread.start"):
                    raise PermissionError(event)

            sys.addaudithook(hook)
            thread = threading.Thread()
            try:
                thread.start()
            except PermissionError:
                print(threading.active_count(), thread.is_alive(), thread.ident)
            """
        )
        self.assertEqual(printed, ["1 False None"])


class AttributeTests(unittest.TestCase):
    def test_all_is_in_the_objects_dictionary(self):
        """As py-spy reads it from outside, and memray expects it."""
        thread = threading.Thread(target=int, name="mine", args=("7",), kwargs={"base": 8})
        expected = {"_target": int, "_name": "mine", "_args": ("7",), "_kwargs": {"base": 8}, "_daemonic": False, "_ident": None}
        self.assertLessEqual(expected.items(), vars(thread).items())
        self.assertLessEqual({"_native_id", "_started", "_stderr", "_initialized", "_invoke_excepthook"}, vars(thread).keys())
        for name in vars(thread).keys() - {"_initialized"}:
            self.assertFalse(hasattr(threading.Thread, name), name)
        thread.start()
        thread.join()
        self.assertEqual((vars(thread)["_ident"], vars(thread)["_native_id"]), (thread.ident, thread.native_id))
        self.assertFalse(vars(thread).keys() & {"_target", "_args", "_kwargs"})

    def test_attributes_may_be_intercepted(self):
        """As memray learns the names of threads."""
        seen = []

        class Interceptor:
            def __init__(self, name):
                self.name = name

            def __set__(self, thread, value):
                seen.append((self.name, value))
                vars(thread)[self.name] = value

            def __get__(self, thread, owner=None):
                return self if thread is None else vars(thread)[self.name]

        with contextlib.ExitStack() as stack:
            for name in ("_name", "_ident"):
                stack.enter_context(mock.patch.object(threading.Thread, name, Interceptor(name), create=True))
            thread = threading.Thread(name="one")
            thread.start()
            thread.join()
            thread.name = "two"
            self.assertEqual(seen, [("_name", "one"), ("_ident", None), ("_ident", thread.ident), ("_name", "two")])

    def test_a_handle_may_be_replaced(self):
        thread = threading.Thread()
        thread.start()
        thread.join()
        if IS_JOINABLE:
            thread._handle = mock.Mock(is_done=lambda: False)
            self.assertTrue(thread.is_alive())
            thread.join(3)
            thread._handle.join.assert_called_once_with(3)
        else:
            thread._is_stopped = False
            self.assertFalse(thread.is_alive())


class StepTests(unittest.TestCase):
    """Programs and tools replace the steps of a thread's life by their own."""

    STEPS = ["_bootstrap", "_bootstrap_inner", "_set_ident", "_set_native_id", "run", "_delete"]
    if not IS_JOINABLE:
        STEPS[3:3] = ["_set_tstate_lock"]

    def test_each_is_called(self):
        called = []
        thread = threading.Thread()
        with contextlib.ExitStack() as stack:
            for name in self.STEPS + ([] if IS_JOINABLE else ["_wait_for_tstate_lock", "_stop"]):
                def spy(self, *args, name=name, own=getattr(threading.Thread, name), **keywords):
                    if self is thread:  # none that an earlier test has left
                        called.append(name)
                    return own(self, *args, **keywords)

                stack.enter_context(mock.patch.object(threading.Thread, name, spy))
            thread.start()
            thread.join()
        ends = [] if IS_JOINABLE else ["_wait_for_tstate_lock", "_stop"]
        self.assertEqual([name for name in called if name in self.STEPS], self.STEPS)
        self.assertEqual([name for name in called if name not in self.STEPS], ends)

    def test_those_of_a_subclass_are_called(self):
        called = []

        class Spied(threading.Thread):
            def __getattribute__(self, name):
                called.append(name)
                return super().__getattribute__(name)

        thread = Spied()
        thread.start()
        thread.join()
        self.assertEqual([name for name in called if name in self.STEPS], self.STEPS)

    def test_get_ident_is_called_as_a_thread_ends(self):
        called, end = [], threading.Event()
        thread = threading.Thread(target=end.wait)
        thread.start()

        def spy():
            called.append(_thread.get_ident())
            return called[-1]

        with mock.patch.object(threading, "get_ident", spy):
            end.set()
            thread.join()
        self.assertIn(thread.ident, called)
        self.assertNotIn(thread.ident, threading._active)

    def test_a_thread_that_ends_needs_no_memory(self):
        thread = threading.Thread()
        thread._ident = -1
        threading._active[-1] = thread
        with mock.patch.object(threading, "get_ident", side_effect=MemoryError):
            thread._delete()
        self.assertNotIn(-1, threading._active)

    def test_in_a_forked_child_each_thread_is_told(self):
        source = """
            import os, sys, warnings
            IMPORT

            STEP = "_after_fork" if sys.version_info >= (3, 13) else "_reset_internal_locks"
            told = []

            class Told(threading.Thread):
                pass

            def tell(self, *arguments, **keywords):
                is_alive = self is forker
                given = [bool(each) for each in (*arguments, *keywords.values())]
                told.append((self.name, is_alive, given == [is_alive] or given == [] and not is_alive))
                getattr(threading.Thread, STEP)(self, *arguments, **keywords)

            setattr(Told, STEP, tell)

            def fork():
                warnings.simplefilter("ignore")
                child = os.fork()
                if not child:
                    print(sorted(told), forker.ident == threading.get_ident(), flush=True)
                    os._exit(0)
                os.waitpid(child, 0)

            end = threading.Event()
            waiter = Told(target=end.wait, name="waiter")
            waiter.start()
            forker = Told(target=fork, name="forker")
            forker.start()
            forker.join()
            end.set()
        """
        for module in "import threading", "from threadwise import threading":
            with self.subTest(module):
                told = programs.run(source=source.replace("IMPORT", module))
                self.assertEqual(told, ["[('forker', True, True), ('waiter', False, True)] True"])

    def test_a_mock_with_the_same_signature_is_bound(self):
        with mock.patch.object(threading.Thread, "start", autospec=True) as start:
            thread = threading.Thread()
            thread.start()
        start.assert_called_once_with(thread)
        with mock.patch.object(threading.Timer, "cancel", autospec=True) as cancel:
            timer = threading.Timer(1, int)
            timer.cancel()
        cancel.assert_called_once_with(timer)


class FailureTests(unittest.TestCase):
    """What run() raises is being handled while the excepthook is called."""

    def hear(self, hook, thread=None):
        with mock.patch.object(threading, "excepthook", hook):
            thread = thread or threading.Thread(target=self.fail_with_value_error)
            thread.start()
            thread.join()

    @staticmethod
    def fail_with_value_error():
        raise ValueError("of run")

    def test_the_hook_finds_it_in_exc_info(self):
        seen = []
        self.hear(lambda args: seen.append((sys.exc_info()[1], args.exc_value)))
        self.hear(lambda args: seen.append((sys.exc_info()[1], args.exc_value)), threading.Timer(0, self.fail_with_value_error))
        for handled, given in seen:
            self.assertIs(handled, given)
            self.assertIsInstance(given, ValueError)
        self.assertEqual(len(seen), 2)

    def test_the_hook_may_log_print_and_raise_it(self):
        output = io.StringIO()
        handler, logger = logging.StreamHandler(output), logging.Logger("here")
        logger.addHandler(handler)
        self.hear(lambda _: logger.exception("logged"))
        self.hear(lambda _: traceback.print_exc(file=output))
        self.assertEqual(output.getvalue().count("ValueError: of run"), 2)
        seen = []

        def reraise(_):
            try:
                raise
            except BaseException as error:
                seen.append(error)

        self.hear(reraise)
        self.assertIsInstance(seen[0], ValueError)

    def test_an_exception_of_the_hook_has_it_as_context(self):
        seen = []
        with mock.patch.object(sys, "excepthook", lambda *args: seen.append(args[1])), contextlib.redirect_stderr(io.StringIO()):
            self.hear(lambda _: {}["of the hook"])
        self.assertIsInstance(seen[0], KeyError)
        self.assertIsInstance(seen[0].__context__, ValueError)
        self.assertTrue(seen[0].__suppress_context__)

    def test_a_hook_that_fails_is_told_where_errors_went_when_the_thread_was_made(self):
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            thread = threading.Thread(target=self.fail_with_value_error)
        with mock.patch.object(sys, "excepthook", lambda *_: None), mock.patch.object(sys, "stderr", None):
            self.hear(lambda _: {}["of the hook"], thread)
        self.assertIn("Exception in threading.excepthook:", errors.getvalue())

    def test_join_takes_any_time_that_is_over(self):
        leave = threading.Event()
        thread = threading.Thread(target=leave.wait)
        thread.start()
        for timeout in (0, -1, -1e300, float("-inf")):
            thread.join(timeout)
            self.assertTrue(thread.is_alive())
        leave.set()
        thread.join()


if __name__ == "__main__":
    unittest.main()
