"""What programs, and above all their tests, replace in the standard modules, or take from them by private names."""

import abc
import copy
import inspect
import sys
import types
import unittest
import weakref
from unittest import mock

from threadwise import _thread, queue, threading
from threadwise.concurrent import futures
from threadwise.concurrent.futures import _base, thread

from programs import run


class ThreadTests(unittest.TestCase):
    def test_a_wrapped_init_is_called_for_a_timer_too(self):
        made = []
        original = threading.Thread.__init__

        def initialise(self, *args, **kwargs):
            made.append(type(self))
            original(self, *args, **kwargs)

        with mock.patch.object(threading.Thread, "__init__", initialise):
            called = []
            timer = threading.Timer(0, called.append, [1])
            timer.start()
            timer.join()
        self.assertEqual((made, called), ([threading.Timer], [1]))

    def test_a_thread_may_be_something_else_besides(self):
        """As zeroconf's ServiceBrowser, whose other base is compiled."""

        class Line(queue.Queue, threading.Thread):
            def __init__(self):
                queue.Queue.__init__(self)
                threading.Thread.__init__(self)

            def run(self):
                self.put(1)

        class Table(dict, threading.Thread):
            def __init__(self):
                dict.__init__(self)
                threading.Thread.__init__(self)

            def __hash__(self):
                return id(self)

            def run(self):
                self["ran"] = 1

        class Failure(threading.Thread, Exception):
            def run(self):
                self.args = (1,)

        line, table, failure = all = Line(), Table(), Failure()
        for each in all:
            self.assertEqual(threading.Thread.start(each), None)
            threading.Thread.join(each)
            self.assertFalse(each.is_alive())
        self.assertEqual((line.get(), table, failure.args), (1, {"ran": 1}, (1,)))

    def test_a_thread_may_be_left_unfinished(self):
        """As tests of watchdog's do, which look at one method alone."""
        thread = object.__new__(threading.Thread)
        self.assertFalse(thread._initialized)
        self.assertFalse(hasattr(thread, "_target"))
        thread._target = int
        self.assertIs(thread._target, int)
        for call in (thread.start, thread.join):
            self.assertRaisesRegex(RuntimeError, r"__init__\(\) not called", call)
        self.assertRaises(AssertionError, repr, thread)
        thread.__init__(name="now")
        thread.start()
        thread.join()
        self.assertIn("now", repr(thread))

    def test_a_class_says_that_its_threads_are_daemons(self):
        """As IPython's, which saves the history: nobody waits for it at the end."""
        printed = run(
            source="""
            from threadwise import threading
            runs = threading.Event()
            class Saver(threading.Thread):
                daemon = True
                def run(self):
                    runs.set()
                    threading.Event().wait()
            Saver().start()
            runs.wait()
            print("ends")
            """
        )
        self.assertEqual(printed, ["ends"])

    def test_a_pool_returns_the_future_though_start_is_replaced(self):
        pool = futures.ThreadPoolExecutor(1)
        with mock.patch.object(threading.Thread, "start") as start:
            self.assertFalse(pool.submit(abs, 1).done())
        start.assert_called_once_with()
        pool.shutdown(wait=False, cancel_futures=True)

    def test_the_trace_hook_is_a_variable(self):
        seen = set()

        def work():
            pass

        with mock.patch.object(threading, "_trace_hook", lambda frame, *_: seen.add(frame.f_code)):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        self.assertIn(work.__code__, seen)

    def test_an_abstract_class_makes_no_objects(self):
        class Worker(threading.Thread, metaclass=abc.ABCMeta):
            @abc.abstractmethod
            def work(self):
                pass

        class Line(queue.Queue, metaclass=abc.ABCMeta):
            @abc.abstractmethod
            def work(self):
                pass

        for abstract in (Worker, Line):
            with self.assertRaisesRegex(TypeError, f"abstract class {abstract.__name__} .*work"):
                abstract()

    @unittest.skipIf(sys.version_info < (3, 13), "the event came with Python 3.13")
    def test_who_listens_is_told_of_the_handle_that_was_given(self):
        printed = run(
            source="""
            import sys
            from threadwise import _thread
            sys.addaudithook(lambda event, args: event == "_thread.start_joinable_thread" and print(args[1:]))
            _thread.start_joinable_thread(int, daemon=False).join()
            """
        )
        self.assertEqual(printed, ["(0, None)"])


class SynchronizationTests(unittest.TestCase):
    def test_private_states_may_be_set(self):
        event = threading.Event()
        event._flag = True
        self.assertTrue(event.is_set())
        event._flag = False
        self.assertFalse(event.is_set())
        semaphore = threading.Semaphore(2)
        for number in (5, 1, 0):
            semaphore._value = number
            self.assertEqual([semaphore.acquire(False) for _ in range(number + 1)], [True] * number + [False])
        with self.assertRaises(ValueError):
            semaphore._value = -1

    def test_a_subclass_may_keep_the_bound_itself(self):
        class Lax(threading.Semaphore):
            """As that of billiard, which Celery's pool is bounded by."""

            def __init__(self, value=1):
                super().__init__(value)
                self._initial_value = value

            def grow(self):
                with self._cond:
                    self._initial_value += 1
                    self._value += 1
                    self._cond.notify()

            def release(self):
                with self._cond:
                    if self._value < self._initial_value:
                        self._value += 1
                        self._cond.notify_all()

        semaphore = Lax(1)
        semaphore.release()
        semaphore.grow()
        self.assertEqual([semaphore.acquire(False) for _ in range(3)], [True, True, False])
        bounded = threading.BoundedSemaphore(1)
        bounded._initial_value = 2
        bounded.release()
        self.assertRaises(ValueError, bounded.release)

    def test_a_value_that_is_added_to_loses_nobody_who_takes_a_permit_meanwhile(self):
        semaphore = threading.Semaphore(2)
        with semaphore._cond:
            value = semaphore._value
            semaphore.acquire()
            semaphore._value = value + 1
        self.assertEqual(semaphore._value, 2)
        with semaphore._cond:
            semaphore._value = 1
            semaphore._value += 4
        self.assertEqual(semaphore._value, 5)

    def test_a_raised_semaphore_lets_those_go_who_wait(self):
        semaphore = threading.Semaphore(0)
        thread = threading.Thread(target=semaphore.acquire)
        thread.start()
        semaphore._value = 1
        thread.join()
        self.assertEqual(semaphore._value, 0)

    def test_with_calls_a_release_that_a_subclass_has(self):
        class Counting(threading.BoundedSemaphore):
            released = 0

            def release(self, n=1):
                self.released += n
                super().release(n)

        semaphore = Counting(1)
        for _ in range(2):
            with semaphore:
                self.assertEqual(semaphore._value, 0)
        self.assertEqual(semaphore.released, 2)

    def test_functions_that_a_class_calls_may_be_replaced_in_it(self):
        condition, semaphore, bounded = threading.Condition(), threading.Semaphore(1), threading.BoundedSemaphore(1)
        with mock.patch.object(threading.Condition, "wait", autospec=True) as wait, condition:
            condition.wait_for(lambda: wait.call_count == 2)
        with mock.patch.object(threading.Condition, "notify", autospec=True) as notify, condition:
            condition.notify_all()
        notify.assert_called_once_with(condition, 0)
        with mock.patch.object(threading.Semaphore, "release", autospec=True) as release, semaphore, bounded:
            pass
        release.assert_called_once_with(semaphore)
        self.assertEqual((semaphore._value, bounded._value), (0, 1))
        with mock.patch.object(threading.BoundedSemaphore, "release", autospec=True) as release, bounded:
            pass
        release.assert_called_once_with(bounded)

    def test_functions_that_an_object_calls_may_be_replaced_in_it(self):
        condition, semaphore, event = threading.Condition(), threading.Semaphore(1), threading.Event()
        with mock.patch.object(condition, "notify") as notify, condition:
            condition.notify_all()
        notify.assert_called_once_with(0)
        with mock.patch.object(semaphore, "release") as release, semaphore:
            pass
        release.assert_called_once_with()
        with mock.patch.object(condition, "notify_all") as notify_all, self.assertWarns(DeprecationWarning):
            condition.notifyAll()
        notify_all.assert_called_once_with()
        with mock.patch.object(event, "is_set", return_value=7), self.assertWarns(DeprecationWarning):
            self.assertEqual(event.isSet(), 7)

    def test_wait_for_calls_the_wait_of_the_object(self):
        condition = threading.Condition()
        with condition, mock.patch.object(condition, "wait") as wait:
            self.assertTrue(condition.wait_for(lambda: wait.call_count == 2))
        self.assertEqual(wait.mock_calls, [mock.call(None)] * 2)


class QueueTests(unittest.TestCase):
    def test_the_clock_is_a_variable(self):
        line = queue.Queue()
        waits = []
        with mock.patch.object(queue, "time", iter(range(9)).__next__), mock.patch.object(line.not_empty, "wait", waits.append):
            self.assertRaises(queue.Empty, line.get, timeout=2)
        self.assertEqual(waits, [1])

    def test_the_clock_is_read_in_the_name_of_the_standard_module(self):
        names = []
        clock = queue.time

        def spy():
            names.append(sys._getframe(1).f_globals["__name__"])
            return clock()

        line = queue.Queue()
        with mock.patch.object(queue, "time", spy), line.mutex:
            pass
        with mock.patch.object(queue, "time", spy):
            self.assertRaises(queue.Empty, line.get, timeout=0)
        self.assertEqual(set(names), {"queue"})


    def test_what_keeps_the_items_may_be_replaced_in_the_class_at_any_time(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
            with self.subTest(kind=kind):
                old = kind(2)
                old.put(1)
                original = kind._put
                with mock.patch.object(kind, "_put", lambda self, item: original(self, -item)):
                    old.put(2)
                    self.assertRaises(queue.Full, old.put, 3, False)
                self.assertEqual(sorted((old.get(), old.get())), [-2, 1])
                old.put(3)
                with mock.patch.object(kind, "_get", autospec=True, return_value="got") as get:
                    self.assertEqual(old.get(), "got")
                get.assert_called_once_with(old)
                self.assertEqual((old.get(), old.qsize()), (3, 0))

    def test_what_keeps_the_items_may_be_replaced_in_a_subclass_at_any_time(self):
        class Line(queue.Queue):
            pass

        class Longer(Line):
            pass

        line, longer = Line(1), Longer()
        line.put(1)
        Line._qsize = lambda self: 0
        line.put(2)
        self.assertTrue(line.empty() and not line.full())
        longer.put(1)
        self.assertTrue(longer.empty())
        del Line._qsize
        self.assertEqual((line.get(), line.get(), longer.get()), (1, 2, 1))

    def test_a_size_may_be_replaced_in_the_class(self):
        line = queue.Queue(1)
        with mock.patch.object(queue.Queue, "_qsize", autospec=True, return_value=1):
            self.assertTrue(line.full() and not line.empty())
            self.assertEqual(line.qsize(), 1)
            self.assertRaises(queue.Full, line.put_nowait, 1)
        self.assertTrue(line.empty())

    def test_a_function_is_replaced_in_the_class_while_a_thread_waits(self):
        line, got = queue.Queue(), []
        waits = threading.Thread(target=lambda: got.append(line.get()))
        waits.start()
        original = queue.Queue._get
        with mock.patch.object(queue.Queue, "_get", lambda self: ("wrapped", original(self))):
            line.put(1)
            waits.join()
        self.assertEqual(got, [("wrapped", 1)])


class PoolTests(unittest.TestCase):
    def test_the_worker_that_a_thread_is_made_for_is_the_one_in_the_module(self):
        targets = []

        class Named(threading.Thread):
            def __init__(self, *args, **kwargs):
                targets.append(kwargs["target"])
                super().__init__(*args, **kwargs)

        with mock.patch.object(threading, "Thread", Named), futures.ThreadPoolExecutor(1) as pool:
            self.assertEqual(pool.submit(abs, -1).result(), 1)
        self.assertEqual(targets, [thread._worker])

    def test_a_module_that_says_that_it_is_shut_down_refuses_calls(self):
        with futures.ThreadPoolExecutor(1) as pool:
            pool.submit(int).result()
            with mock.patch.object(thread, "_shutdown", True):
                self.assertRaisesRegex(RuntimeError, "after interpreter shutdown", pool.submit, int)
        with futures.ThreadPoolExecutor(1) as pool:
            self.assertEqual(pool.submit(abs, -1).result(), 1)


class MethodTests(unittest.TestCase):
    """What is a function in a class of Python's."""

    def test_a_method_is_bound_to_an_object(self):
        pool = futures.ThreadPoolExecutor(1)
        for method in (threading.Thread().run, threading.Timer(1, int).cancel, pool.submit):
            with self.subTest(method=method):
                self.assertTrue(inspect.ismethod(method))
                self.assertIs(getattr(type(method.__self__), method.__name__), method.__func__)
                self.assertIs(copy.deepcopy(method.__func__), method.__func__)
                self.assertIn(method.__name__ + " at ", repr(method.__func__))
                self.assertEqual(next(iter(inspect.signature(method.__func__).parameters)), "self")
                self.assertEqual(method.__module__, type(method.__self__).__module__)

    def test_a_method_may_be_referred_to_weakly(self):
        timer = threading.Timer(1, int)
        reference = weakref.WeakMethod(timer.cancel)
        reference()()
        self.assertTrue(timer.finished.is_set())
        del timer
        self.assertIsNone(reference())

    CLASSES = [
        *(threading.Event, threading.Condition, threading.Semaphore, threading.BoundedSemaphore, threading.Timer),
        *(threading.Barrier, threading.Thread, queue.Queue, queue.LifoQueue, queue.PriorityQueue),
        *(futures.Future, futures.ThreadPoolExecutor),
    ]

    def test_methods_of_every_class_are_functions(self):
        for each in self.CLASSES:
            self.assertEqual([name for name, member in vars(each).items() if type(member) is types.MethodDescriptorType], [])
            for name, function in inspect.getmembers(each, inspect.isfunction):
                with self.subTest(each=each, name=name):
                    self.assertIsInstance(function, types.FunctionType)
                    self.assertEqual(inspect.signature(function), inspect.signature(function.__get__(None, each)))
                    self.assertFalse(inspect.iscoroutinefunction(function))

    def test_a_mock_with_the_same_signature_is_bound(self):
        calls = {
            (threading.Event, "wait"): (1,),
            (threading.Condition, "notify_all"): (),
            (threading.Semaphore, "release"): (2,),
            (threading.Barrier, "abort"): (),
            (queue.Queue, "put"): (1, False),
            (queue.PriorityQueue, "_put"): (1,),
            (queue.LifoQueue, "get"): (),
            (futures.Future, "result"): (5,),
            (futures.ThreadPoolExecutor, "submit"): (abs, 1),
        }
        for (each, name), args in calls.items():
            with self.subTest(each=each, name=name), mock.patch.object(each, name, autospec=True) as method:
                made = each(2) if each is threading.Barrier else each()
                getattr(made, name)(*args)
                method.assert_called_once_with(made, *args)
                if name == "put":
                    self.assertRaises(TypeError, made.put, 1, nonsense=2)
        with mock.patch("threading.Thread", autospec=True) as made:
            made(target=int).start()

    def test_a_function_says_what_it_takes(self):
        self.assertEqual(str(inspect.signature(queue.Queue.put)), "(self, item, block=True, timeout=None)")
        self.assertEqual(str(inspect.signature(futures.ThreadPoolExecutor.submit)), "(self, fn, /, *args, **kwargs)")
        self.assertEqual(queue.Queue.put.__defaults__, (True, None))
        self.assertEqual(queue.Queue.put.__code__.co_varnames, ("self", "item", "block", "timeout"))
        copied = types.FunctionType(queue.Queue.put.__code__, queue.Queue.put.__globals__, argdefs=queue.Queue.put.__defaults__)
        line = queue.Queue()
        copied(line, 7)
        self.assertEqual(line.get(), 7)

    def test_a_function_takes_attributes_and_the_objects_of_its_class_alone(self):
        queue.Queue.put.marked = True
        self.addCleanup(delattr, queue.Queue.put, "marked")
        self.assertTrue(queue.Queue().put.marked)
        for call in (lambda: queue.Queue.put(), lambda: queue.Queue.put(1, 2), lambda: threading.Event.is_set(queue.Queue())):
            self.assertRaises(TypeError, call)
        self.assertRaises(TypeError, threading.Event().is_set, 1)
        self.assertRaises(TypeError, threading.Event().is_set, wrong=1)

    def test_run_may_be_wrapped_by_its_function(self):
        """As sentry-sdk does."""
        called = []
        thread = threading.Thread(target=called.append, args=[1])
        original = thread.run.__func__
        thread.run = lambda: original(threading.current_thread())
        thread.start()
        thread.join()
        self.assertEqual(called, [1])


class NameTests(unittest.TestCase):
    def test_functions_of_threading_are_functions(self):
        for name in ("current_thread", "main_thread", "enumerate", "active_count", "settrace", "setprofile"):
            function = getattr(threading, name)
            self.assertTrue(inspect.isfunction(function), name)
            self.assertEqual((function.__module__, function.__qualname__), ("threading", name))

    def test_private_names_that_are_in_use(self):
        for module, names in {
            threading: "_RLock _PyRLock _CRLock _time _count _deque _enumerate _newname _allocate_lock _active _limbo WeakSet",
            queue: "deque heappush heappop threading time types",
            _base: "PENDING RUNNING FINISHED CANCELLED CANCELLED_AND_NOTIFIED _FUTURE_STATES _STATE_TO_DESCRIPTION_MAP LOGGER",
            _thread: "RLock LockType allocate_lock start_new_thread",
        }.items():
            for name in names.split():
                self.assertTrue(hasattr(module, name), f"{module.__name__}.{name}")

    def test_classes_are_named_as_the_standard_ones_while_installed(self):
        printed = run(
            source="""
            import queue, pickle, threadwise
            threadwise.install()
            from concurrent import futures
            from concurrent.futures.process import BrokenProcessPool
            all = (queue.Full, futures.Future, futures.CancelledError, futures.ThreadPoolExecutor, BrokenProcessPool)
            print(*(each.__module__ for each in all))
            print(b"threadwise" in pickle.dumps(all), pickle.loads(pickle.dumps(all)) == all)
            threadwise.uninstall()
            print(all[0].__module__, pickle.loads(pickle.dumps(all)) == all)
            """
        )
        names = "queue concurrent.futures._base concurrent.futures._base concurrent.futures.thread concurrent.futures.process"
        self.assertEqual(printed, [names, "False True", "threadwise.queue True"])


if __name__ == "__main__":
    unittest.main()
