"""Objects of either world, used by the other; C++ functions, called by pools. Needs a C++ compiler."""

import contextlib
import gc
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import unittest
import unittest.mock
import weakref

import threadwise
from threadwise import queue
from threadwise import threading as own_threading
from threadwise.concurrent import futures
from threadwise.concurrent.futures import thread
from threadwise.concurrent.futures import CancelledError, Future, InvalidStateError, ThreadPoolExecutor

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "extension" / "count_primes.py"
COMPILER = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")


def compile_module(source, folder):
    target = os.path.join(folder, source.stem + sysconfig.get_config_var("EXT_SUFFIX"))
    headers = [threadwise.get_include(), sysconfig.get_path("include")]
    flags = ["-std=c++20", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", *(f"-I{path}" for path in headers)]
    subprocess.run([*COMPILER.split(), *flags, str(source), "-o", target], check=True)
    return target


def build(folder):
    """Builds and imports the extension module both_worlds."""
    target = compile_module(pathlib.Path(__file__).with_name("both_worlds.cpp"), folder)
    spec = importlib.util.spec_from_file_location("both_worlds", target)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@unittest.skipUnless(COMPILER, "needs a C++ compiler")
class BothWorldsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.native = build(cls.folder.name)

    def setUp(self):
        self.native.close_gate()
        self.addCleanup(self.native.open_gate)

    def in_thread(self, function, *args):
        thread = threading.Thread(target=function, args=args)
        thread.start()
        self.addCleanup(thread.join)
        return thread

    def pool(self, size):
        pool = ThreadPoolExecutor(size)
        self.addCleanup(pool.shutdown)
        self.addCleanup(self.native.open_gate)
        return pool

    def held_up(self, pool, count):
        """That many calls which wait for the gate to open, all running."""
        calls = [pool.submit(self.native.pass_gate) for _ in range(count)]
        self.wait_until(lambda: self.native.present() >= count)
        return calls

    def wait_until(self, condition):
        """For what happens without the interpreter, or by a pending call of this thread: nobody could tell it."""
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)

    def queues(self):
        opened = queue.Queue()
        opened.mutex
        return [queue.Queue(), queue.Queue(2), queue.LifoQueue(), queue.PriorityQueue(), queue.SimpleQueue(), opened]

    def test_a_queue_whose_class_has_changed(self):
        q = queue.Queue()
        self.assertTrue(self.native.put_within(q, 1, 30))
        original = queue.Queue._put
        with unittest.mock.patch.object(queue.Queue, "_put", lambda self, item: original(self, 10 * item)):
            self.assertTrue(self.native.put_within(q, 2, 30))
        self.assertEqual((q.get(), q.get()), (1, 20))

    def test_python_to_cpp(self):
        for q in self.queues():
            with self.subTest(queue=q):
                self.in_thread(lambda: [q.put(i) for i in range(500)])
                self.assertEqual(self.native.sum(q, 500), sum(range(500)))

    def test_cpp_to_python(self):
        for q in self.queues():
            with self.subTest(queue=q):
                self.in_thread(self.native.fill, q, 500)
                self.assertEqual(sorted(q.get() for _ in range(500)), list(range(500)))

    def test_cpp_to_cpp(self):
        for q in self.queues():
            with self.subTest(queue=q):
                self.in_thread(self.native.fill, q, 500)
                self.assertEqual(self.native.sum(q, 500), sum(range(500)))

    def test_text_and_order(self):
        first, second = queue.Queue(), queue.Queue()
        words = ["a", "ü", "", "€" * 100]
        for word in words:
            first.put(word)
        self.native.relay(first, second, len(words))
        self.assertEqual([second.get() for _ in words], [word + "!" for word in words])
        self.assertEqual(second.unfinished_tasks, len(words))

    def test_items_of_cpp_are_seen_in_the_parts(self):
        q = queue.Queue()
        self.native.fill(q, 3)
        self.assertEqual(list(q.queue), [0, 1, 2])

    def test_items_of_cpp_die_with_the_queue(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.SimpleQueue):
            q = kind()
            self.native.fill(q, 100)
            self.assertEqual(q.qsize(), 100)
            gc.collect()
            del q

    def test_waits_end(self):
        for q in self.queues():
            self.assertFalse(self.native.get_within(q, 0.01))
        full = queue.Queue(1)
        self.assertTrue(self.native.put_within(full, 1, 0))
        self.assertFalse(self.native.put_within(full, 2, 0.01))
        full.shutdown(immediate=True)
        in_parts = queue.Queue()
        in_parts.mutex
        in_parts.shutdown()
        for q in full, in_parts:
            self.assertRaisesRegex(RuntimeError, "ShutDown", self.native.put_within, q, 2, 30)
            self.assertRaisesRegex(RuntimeError, "ShutDown", self.native.get_within, q, 30)
        with self.assertRaisesRegex(RuntimeError, "TimeoutError"):
            self.native.wait_for(Future(), 0.01)

    def test_wrong_types(self):
        q = queue.Queue()
        q.put("text")
        with self.assertRaisesRegex(RuntimeError, "TypeError"):
            self.native.get_within(q, 1)
        with self.assertRaisesRegex(ValueError, "not a queue of threadwise's: a 'list'"):
            self.native.get_within([], 1)
        with self.assertRaisesRegex(ValueError, "not a ThreadPoolExecutor of threadwise's: a '.*Queue'"):
            self.native.submit_from_elsewhere(queue.Queue(), 1)
        with self.assertRaisesRegex(ValueError, "not a queue"):
            self.native.get_within(self.pool(1)._work_queue, 1)

    def test_other_version_of_the_header(self):
        with self.assertRaisesRegex(RuntimeError, "build this extension module again"):
            self.native.expect_other_version()

    def test_event_lock_and_future(self):
        future, event, lock = Future(), own_threading.Event(), own_threading.Lock()
        with lock:
            self.in_thread(self.native.answer, future, event, lock)
            event.set()
            self.assertFalse(future.done())
        self.assertEqual(self.native.wait_for(future, 30), 42)
        self.assertEqual(future.result(), 42)

    def test_objects_made_in_cpp(self):
        self.assertTrue(self.native.toggled_event().is_set())
        self.assertTrue(self.native.held_lock().locked())
        self.assertEqual(self.native.finished_future("ü").result(), "ü")
        small = self.native.small_queue()
        self.assertEqual((type(small), small.maxsize, small.full(), small.get()), (queue.Queue, 1, True, 1))
        with self.native.small_pool() as pool:
            self.assertEqual(list(pool.map(self.native.add, range(50), range(50))), [2.0 * i for i in range(50)])

    # Futures that C++ ends.

    def test_future_ended_in_cpp(self):
        future = self.native.finished_future("text")
        self.assertIn("state=finished returned str", repr(future))
        self.assertEqual((future._result, future._exception, future._state), ("text", None, "FINISHED"))
        self.assertIs(future.result(), future.result())
        future = self.native.finished_future("text")
        self.assertIsNone(future.exception())
        gc.collect()
        with self.assertRaises(InvalidStateError):
            future.set_result(1)
        failed = Future()
        self.native.set_error(failed, "far")
        self.assertIn("state=finished raised IndexError", repr(failed))
        self.assertIs(failed.exception(), failed.exception())
        with self.assertRaisesRegex(IndexError, "far"):
            failed.result()
        with self.assertRaisesRegex(RuntimeError, "InvalidStateError"):
            self.native.set_error(failed, "again")

    def test_result_that_cannot_become_an_object(self):
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(self.native.no_text)
            for call in self.native.no_text, future.result, future.result:
                self.assertRaises(UnicodeDecodeError, call)

    def test_errors_of_futures_in_cpp(self):
        future = Future()
        future.set_exception(KeyError("no"))
        self.assertEqual(self.native.type_of_error(future), "KeyError")
        future = Future()
        self.native.set_error(future, "x")
        self.assertEqual(self.native.type_of_error(future), "out_of_range x")
        future = Future()
        future.cancel()
        self.assertEqual(self.native.type_of_error(future), "CancelledError")
        with self.assertRaisesRegex(RuntimeError, "^wait_for\\(\\): CancelledError$"):
            self.native.wait_for(future, 30)

    def test_python_waits_in_every_way_for_what_cpp_ends(self):
        with ThreadPoolExecutor(1) as pool:
            for end in (self.native.set_error, lambda future, text: future.set_result(text)):
                told = []
                future = Future()
                future.add_done_callback(told.append)
                waiting = pool.submit(futures.wait, [future], return_when="FIRST_EXCEPTION")
                first = pool.submit(lambda: next(futures.as_completed([future])))
                end(future, "now")
                self.assertEqual(told, [future])
                self.assertEqual(waiting.result(60).done, {future})
                self.assertIs(first.result(60), future)
                future.add_done_callback(told.append)
                self.assertEqual(told, [future, future])

    def test_one_world_ends_a_future(self):
        gate = own_threading.Barrier(2)
        def count(end):
            ended = 0
            for future in promised:
                gate.wait(60)
                with contextlib.suppress(RuntimeError, InvalidStateError):
                    ended += end(future) is not False
            return ended

        for end in Future.cancel, lambda future: future.set_result(1):
            promised = [Future() for _ in range(100)]
            with ThreadPoolExecutor(2) as pool:
                ends = pool.map(count, (end, lambda future: self.native.set_error(future, "")))
                self.assertEqual(sum(ends), len(promised))

    def test_forced_to_begin_again(self):
        future = Future()
        future.set_result(1)
        future._state = "PENDING"
        future.set_result(2)
        self.assertEqual(future.result(), 2)

    def test_condition_of_a_future_that_cpp_ends(self):
        future = Future()
        with future._condition:
            self.in_thread(self.native.set_error, future, "now")
            while future._state != "FINISHED":
                self.assertTrue(future._condition.wait(60))

    # Functions.

    def test_exported_functions(self):
        self.assertEqual(self.native.add(1, 2.5), 3.5)
        with self.assertRaisesRegex(TypeError, "add\\(\\) takes 2 arguments \\(1 given\\)"):
            self.native.add(1)
        with self.assertRaises(TypeError):
            self.native.add(1, b=2)

    def test_what_functions_throw(self):
        kinds = (RuntimeError, ValueError, IndexError, OverflowError, MemoryError, RuntimeError)
        with ThreadPoolExecutor(1) as pool:
            for number, kind in enumerate(kinds):
                with self.subTest(kind):
                    for call in (self.native.fail, lambda *args: pool.submit(self.native.fail, *args).result()):
                        with self.assertRaisesRegex(kind, r"^fail\(\): "):
                            call(number, "it broke")

    def test_arguments_that_do_not_fit_are_the_futures_affair(self):
        with ThreadPoolExecutor(1) as pool:
            for args, kwargs in (("x", 1), {}), ((1,), {}), ((1,), {"b": 2}):
                future = pool.submit(self.native.add, *args, **kwargs)
                self.assertIsInstance(future.exception(), (TypeError, RuntimeError))

    # Pools.

    def test_pool_runs_them_at_once(self):
        pool = self.pool(3)
        self.assertEqual([call.result() for call in [pool.submit(self.native.meet, 3) for _ in range(3)]], [True] * 3)
        self.assertEqual(list(pool.map(self.native.add, range(50), range(50))), [2.0 * i for i in range(50)])

    def test_pool_runs_them_while_the_main_thread_holds_the_interpreter(self):
        pool = self.pool(2)
        calls = self.held_up(pool, 2) + [pool.submit(self.native.pass_gate) for _ in range(20)]
        self.assertTrue(self.native.open_gate_and_hold(calls))
        self.assertEqual({call.result() for call in calls}, {True})

    def test_idle_workers_run_them_too(self):
        pool = self.pool(1)
        for _ in range(20):
            self.assertEqual(pool.submit(self.native.add, 1, 1).result(), 2)
            call = pool.submit(self.native.pass_gate)
            self.assertTrue(self.native.open_gate_and_hold([call]))
            self.assertTrue(call.result())
            self.native.close_gate()

    def test_they_mix_with_calls_of_python(self):
        pool = self.pool(2)
        calls = [pool.submit(*call) for _ in range(200) for call in ((self.native.add, 1, 2), (max, 3, 1))]
        self.assertEqual([call.result() for call in calls], [3] * 400)
        self.assertEqual({type(call.result()) for call in calls[::2]}, {float})

    def test_callbacks_of_calls_in_a_pool(self):
        pool = self.pool(2)
        told = queue.SimpleQueue()
        calls = []
        for i in range(100):
            calls.append(pool.submit(self.native.add, i, 0))
            calls[-1].add_done_callback(told.put)
        self.assertEqual({told.get(timeout=60) for _ in calls}, set(calls))
        self.assertEqual([call.result() for call in calls], list(range(100)))
        pool.shutdown()
        self.assertTrue(told.empty())

    def test_cancelling(self):
        pool = self.pool(1)
        running, *waiting = self.held_up(pool, 1) + [pool.submit(self.native.add, 1, 1) for _ in range(3)]
        self.assertFalse(running.cancel())
        told = []
        waiting[1].add_done_callback(told.append)
        self.assertTrue(waiting[0].cancel() and waiting[1].cancel())
        self.assertEqual(told, [waiting[1]])
        self.native.open_gate()
        self.assertEqual((running.result(), waiting[2].result()), (True, 2))
        for call in waiting[:2]:
            with self.assertRaises(CancelledError):
                call.result()
        self.assertEqual(futures.wait(waiting[:2], 60).done, set(waiting[:2]))  # a worker has come by, and told so

    def test_shutdown_cancels(self):
        pool = self.pool(1)
        running, waiting = self.held_up(pool, 1) + [pool.submit(self.native.add, 1, 1)]
        self.native.submit_held_up(pool)
        pool.shutdown(wait=False, cancel_futures=True)
        self.assertTrue(waiting.cancelled())
        self.assertFalse(self.native.last_held_up())
        self.native.open_gate()
        self.assertTrue(running.result())

    def test_what_a_call_held_is_let_go(self):
        pool = self.pool(1)
        for future in [pool.submit(self.native.add, 1, 1) for _ in range(10)]:
            future.result()
        reference = weakref.ref(future)
        del future
        self.wait_until(lambda: reference() is None)

    def test_submitting_from_cpp(self):
        for size in 1, 2, 4:
            with ThreadPoolExecutor(size) as pool:
                self.assertEqual(self.native.submit_from_elsewhere(pool, 1000), 999 * 1000)
                self.assertLessEqual(len(pool._threads), size)

    def test_submitting_from_cpp_while_the_main_thread_holds_the_interpreter(self):
        pool = self.pool(1)
        self.assertEqual(self.native.submit_from_elsewhere(pool, 1), 0)
        self.assertEqual(self.native.submit_and_hold(pool), 9900)

    def test_submitting_from_cpp_and_python_at_once(self):
        pool = self.pool(3)
        totals = []
        threads = [self.in_thread(lambda: totals.append(self.native.submit_from_elsewhere(pool, 500))) for _ in range(3)]
        self.assertEqual(list(pool.map(self.native.add, range(500), range(500))), [2.0 * i for i in range(500)])
        for thread in threads:
            thread.join()
        self.assertEqual(totals, [499 * 500] * 3)

    def test_a_pool_that_is_shut_down(self):
        pool = self.pool(1)
        self.assertEqual(self.native.submit_from_elsewhere(pool, 3), 6)
        pool.shutdown()
        with self.assertRaisesRegex(RuntimeError, "cannot schedule new futures after shutdown"):
            self.native.submit_from_elsewhere(pool, 1)
        with self.assertRaisesRegex(RuntimeError, "cannot schedule new futures after shutdown"):
            pool.submit(self.native.add, 1, 1)

    def test_shutdown_waits_for_calls_of_cpp(self):
        for _ in range(50):
            with ThreadPoolExecutor(2) as pool:
                self.native.submit_held_up(pool)
                self.native.open_gate()
            self.assertTrue(self.native.last_held_up())

    def test_a_queue_of_ones_own(self):
        pool = self.pool(1)
        pool._work_queue = queue.Queue()
        self.assertEqual(pool.submit(self.native.add, 1, 1).result(), 2)
        self.assertEqual(self.native.submit_from_elsewhere(pool, 10), 90)

    @contextlib.contextmanager
    def worker_of_ones_own(self):
        """As programs replace it: what it takes from the queue it runs by itself."""

        def worker(reference, *arguments):
            work = arguments[1 if sys.version_info >= (3, 14) else 0]
            for item in iter(work.get, None):
                item.run(*([arguments[0]] if sys.version_info >= (3, 14) else []))
                taken.append(item)
            work.put(None)

        taken = []
        with unittest.mock.patch.object(thread, "_worker", worker):
            yield taken

    def test_a_worker_of_ones_own(self):
        with self.worker_of_ones_own() as taken, ThreadPoolExecutor(1) as pool:
            self.assertEqual(pool.submit(self.native.add, 1, 1).result(), 2)
            self.assertEqual(self.native.submit_from_elsewhere(pool, 10), 90)
        self.assertEqual(len(taken), 11)

    def test_shutdown_cancels_with_a_worker_of_ones_own(self):
        with self.worker_of_ones_own():
            pool = self.pool(1)
            self.native.submit_held_up(pool)
            self.native.submit_held_up(pool)
            waiting = pool.submit(self.native.add, 1, 1)
            pool.shutdown(wait=False, cancel_futures=True)
            self.assertTrue(waiting.cancelled())
            self.assertFalse(self.native.last_held_up())
            self.native.open_gate()
            pool.shutdown()
            self.assertTrue(self.native.last_held_up())

    # The end.

    def test_example(self):
        compile_module(EXAMPLE.with_name("primes.cpp"), self.folder.name)
        environment = {**os.environ, "PYTHONPATH": self.folder.name}
        done = subprocess.run([sys.executable, EXAMPLE], capture_output=True, text=True, env=environment, timeout=120)
        self.assertEqual((done.stderr, done.stdout), ("", EXAMPLE.with_suffix(".expected").read_text()))

    def test_threads_of_cpp_at_the_interpreters_end(self):
        for _ in range(5):
            done = subprocess.run([sys.executable, "-c", BUSY_AT_THE_END, self.native.__file__], capture_output=True, timeout=120)
            self.assertEqual((done.returncode, done.stderr), (0, b""))


BUSY_AT_THE_END = """
import importlib.util, sys
from threadwise import queue
from threadwise.concurrent.futures import ThreadPoolExecutor
from threadwise.threading import Event
spec = importlib.util.spec_from_file_location("both_worlds", sys.argv[1])
native = importlib.util.module_from_spec(spec)
spec.loader.exec_module(native)
pool = ThreadPoolExecutor(2)
native.leave_threads_behind(queue.Queue(10), Event(), pool)
assert pool.submit(native.add, 1, 2).result() == 3
"""


if __name__ == "__main__":
    unittest.main()
