"""What programs override, replace, or take by private names in concurrent.futures, and futures that are in no usual state."""

import gc
import queue as standard_queue
import sys
import time
import unittest
import unittest.mock
import weakref
from concurrent import futures as standard_futures

import programs
from threadwise import queue, threading
from threadwise.concurrent.futures import Future, ThreadPoolExecutor, _base, as_completed, wait
from threadwise.concurrent.futures import thread as pools

NAMES = (
    "threading", "queue", "_thread", "concurrent.futures", "concurrent.futures._base", "concurrent.futures.thread",
    "concurrent.futures.process",
)  # fmt: skip

# Up to 3.12: the locks of non-daemon threads, which threadwise's threads do not have.
MISSING = {"_shutdown_locks", "_shutdown_locks_lock", "_maintain_shutdown_locks", "_set_sentinel"}


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.001)


def block(pool):
    """Keep the only worker of a pool busy until the function that this returns is called."""
    begun, go_on = threading.Event(), threading.Event()
    pool.submit(lambda: (begun.set(), go_on.wait()))
    begun.wait()
    return go_on.set


class NamesTest(unittest.TestCase):
    def test_the_standard_modules_names_are_there(self):
        missing = programs.run(
            source=f"""
            import importlib
            for name in {NAMES!r}:
                standard = importlib.import_module(name)
                own = importlib.import_module("threadwise." + name)
                for each in vars(standard):
                    if not hasattr(own, each) and not each.startswith("__") and each not in {MISSING!r}:
                        print(name, each)
            """
        )
        self.assertEqual(missing, [])

    def test_modules_are_where_the_standard_ones_are(self):
        for install in ("import threadwise; threadwise.install()", ""):
            found = programs.run(
                *(() if install else ("-m", "threadwise")),
                source=f"""
                import sys
                {install or "pass"}
                import concurrent.futures
                print(sys.modules["concurrent.futures._base"].__name__, "concurrent.futures.thread" in sys.modules)
                concurrent.futures.ThreadPoolExecutor
                print(sys.modules["concurrent.futures.thread"].__name__)
                print(concurrent.futures.thread.__name__, concurrent.futures._base.Future.__module__)
                """,
            )
            ours = "threadwise.concurrent.futures"
            self.assertEqual(
                found,
                [f"{ours}._base False", f"{ours}.thread", f"{ours}.thread concurrent.futures._base"],
            )

    def test_they_leave_with_uninstall(self):
        found = programs.run(
            source="""
            import sys, threadwise
            threadwise.install()
            import concurrent.futures
            concurrent.futures.ThreadPoolExecutor
            threadwise.uninstall()
            import concurrent.futures.thread
            print(sys.modules["concurrent.futures.thread"].__file__ == concurrent.futures.thread.__file__)
            print("threadwise" in concurrent.futures.thread.__file__, "threadwise" in concurrent.futures._base.__file__)
            """
        )
        self.assertEqual(found, ["True", "False False"])


class OverriddenFutureTest(unittest.TestCase):
    ENDS = (lambda f: f.set_result(1), lambda f: f.set_exception(OSError()), lambda f: f.cancel())

    def test_invoke_callbacks_of_a_subclass(self):
        class Own(Future):
            def _invoke_callbacks(self):
                called.append(list(self._done_callbacks))

        for end in self.ENDS:
            called = []
            future = Own()
            future.add_done_callback(print)
            end(future)
            self.assertEqual(called, [[print]])

    def test_invoke_callbacks_of_one_future(self):
        for end in self.ENDS:
            called = []
            future = Future()
            future._invoke_callbacks = lambda: called.append("own")
            end(future)
            self.assertEqual(called, ["own"])

    def test_functions_replaced_in_the_class(self):
        for end in self.ENDS:
            with unittest.mock.patch.object(Future, "_invoke_callbacks") as replaced:
                end(Future())
            replaced.assert_called_once_with()
        with ThreadPoolExecutor(1) as pool:
            own, told = Future.set_result, []
            with unittest.mock.patch.object(Future, "set_result", lambda self, result: (told.append(self), own(self, -result))):
                future = pool.submit(abs, -1)
                self.assertEqual(future.result(), -1)
            self.assertEqual(told, [future])
            self.assertEqual(pool.submit(abs, -2).result(), 2)

    def test_a_class_in_the_place_of_future(self):
        class Doubled(Future):
            def set_result(self, result):
                super().set_result(2 * result)

        with ThreadPoolExecutor(1) as pool:
            with unittest.mock.patch.object(_base, "Future", Doubled):
                future = pool.submit(abs, -1)
                self.assertIsInstance(future, Doubled)
                self.assertEqual(future.result(), 2)
            self.assertIs(type(pool.submit(abs, -1)), Future)

    def test_futures_that_keep_their_state_elsewhere(self):
        class Own(Future):
            state = "PENDING"
            _state = property(lambda self: self.state, lambda self, value: setattr(self, "state", value))

        own, plain = Own(), Future()
        plain.set_result(1)
        self.assertEqual(wait([own, plain], return_when="FIRST_COMPLETED").done, {plain})
        with own._condition:
            own._state = "FINISHED"
            for waiter in own._waiters:
                waiter.add_result(own)
        self.assertEqual(wait([own, plain], timeout=0), ({own, plain}, set()))
        self.assertEqual(set(as_completed([own, plain])), {own, plain})

    def test_standard_futures_can_be_waited_for(self):
        for end in self.ENDS:
            own, standard, pending = Future(), standard_futures.Future(), Future()
            for when in ("FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"):
                self.assertEqual(wait([own, standard], 0, when), (set(), {own, standard}))
            ender = threading.Thread(
                target=lambda: [(end(each), each.cancelled() and each.set_running_or_notify_cancel()) for each in (own, standard)]
            )
            ender.start()
            self.assertEqual(wait([own, standard]).done, {own, standard})
            ender.join()
            self.assertEqual(set(as_completed([own, standard])), {own, standard})
            with self.assertRaises(TimeoutError):
                list(as_completed([pending, standard], timeout=0.01))
            self.assertEqual(own._waiters, [])
            self.assertEqual(pending._waiters, [])

    def test_the_end_of_a_step_lets_go_whatever_dies_of_it(self):
        class Own(Future):
            def __del__(self):
                died.append(steps.close())

        died = []
        fs = [Own() for _ in range(20)]
        for future in fs:
            future.set_result(None)
        steps = as_completed(fs)
        next(steps)
        del fs, future
        steps.close()
        wait_until(lambda: gc.collect() is not None and len(died) == 20)


class CancelledTest(unittest.TestCase):
    """Futures that were cancelled, and that no executor will ever say so of."""

    def test_wait_and_as_completed(self):
        cancelled, done, pending = Future(), Future(), Future()
        cancelled.cancel()
        done.set_result(1)
        for when in ("FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"):
            self.assertEqual(wait([cancelled], return_when=when), ({cancelled}, set()))
            self.assertEqual(wait([cancelled, done], return_when=when), ({cancelled, done}, set()))
        self.assertEqual(wait([cancelled, pending], return_when="FIRST_COMPLETED"), ({cancelled}, {pending}))
        self.assertEqual(set(as_completed([cancelled, done])), {cancelled, done})

    def test_cancelled_while_somebody_waits(self):
        for waits in (lambda f: wait([f]).done, lambda f: set(as_completed([f])), lambda f: wait([f, f], 30).done):
            future = Future()
            waiter = threading.Thread(target=lambda: setattr(waiter, "result", waits(future)))
            waiter.start()
            future.cancel()
            waiter.join()
            self.assertEqual(waiter.result, {future})

    def test_told_once(self):
        future, other = Future(), Future()
        steps = as_completed([future, other])
        future.cancel()
        self.assertIs(next(steps), future)
        self.assertFalse(future.set_running_or_notify_cancel())
        other.set_result(1)
        self.assertEqual(list(steps), [other])

    def test_a_state_that_was_written_is_left_to_its_writer(self):
        future = Future()
        future._state = "CANCELLED"
        self.assertEqual(wait([future], timeout=0).not_done, {future})
        future._state = "CANCELLED_AND_NOTIFIED"
        self.assertEqual(wait([future]).done, {future})


class LoopTest(unittest.TestCase):
    """One future in an unusual state, or one callback that raises, keeps nothing from the other futures."""

    def test_a_failing_initializer_ends_all_calls_but_those_cancelled(self):
        for number in range(5):
            begun, go_on = threading.Event(), threading.Event()

            def initialize():
                begun.set()
                go_on.wait()
                raise OSError

            with self.assertLogs("concurrent.futures", "CRITICAL"):
                with ThreadPoolExecutor(1, initializer=initialize) as pool:
                    fs = [pool.submit(abs, -1) for _ in range(5)]
                    begun.wait()
                    fs[number].cancel()
                    fs[(number + 1) % 5].set_result("early")
                    go_on.set()
                    self.assertEqual(wait(fs, timeout=30).not_done, set())
            self.assertTrue(fs.pop(number).cancelled())
            outcomes = [future.exception() for future in fs]
            self.assertEqual(outcomes.count(None), 1)
            self.assertEqual(sum(isinstance(each, pools.BrokenThreadPool) for each in outcomes), 3)

    def test_a_failing_initializer_against_submit_and_cancel(self):
        """No future stays pending, whenever the initializer fails."""
        with self.assertLogs("concurrent.futures", "CRITICAL"):
            for _ in range(50):
                pool = ThreadPoolExecutor(2, initializer=lambda: 1 / 0)
                fs = []
                try:
                    for number in range(20):
                        fs.append(pool.submit(abs, -1))
                        fs[number // 2].cancel()
                except pools.BrokenThreadPool:
                    pass
                self.assertEqual(wait(fs, timeout=30).not_done, set())
                pool.shutdown()

    def test_shutdown_cancels_all_whatever_a_callback_raises(self):
        def interrupt(future):
            raise KeyboardInterrupt

        pool = ThreadPoolExecutor(1)
        go_on = block(pool)
        fs = [pool.submit(abs, -1) for _ in range(5)]
        for future in fs[::2]:
            future.add_done_callback(interrupt)
        with self.assertRaises(KeyboardInterrupt):
            pool.shutdown(wait=False, cancel_futures=True)
        self.assertTrue(all(future.cancelled() for future in fs))
        go_on()
        pool.shutdown()

    def test_shutdown_calls_callbacks_without_a_lock(self):
        pool = ThreadPoolExecutor(1)
        go_on = block(pool)
        refused = []

        def submit(future):
            try:
                pool.submit(abs, -1)
            except RuntimeError as error:
                refused.append(str(error))

        future = pool.submit(abs, -1)
        future.add_done_callback(submit)
        pool.shutdown(wait=False, cancel_futures=True)
        self.assertEqual(refused, ["cannot schedule new futures after shutdown"])
        go_on()
        pool.shutdown()

    def test_map_cancels_all_whatever_a_callback_raises(self):
        def interrupt(future):
            raise KeyboardInterrupt

        with ThreadPoolExecutor(1) as pool:
            go_on = block(pool)
            with unittest.mock.patch.object(pool, "submit", side_effect=pool.submit) as submit:
                fs = []
                submit.side_effect = lambda *args, submit=type(pool).submit: fs.append(submit(pool, *args)) or fs[-1]
                results = pool.map(abs, range(5), timeout=0)
            fs[0].add_done_callback(interrupt)
            fs[2].add_done_callback(interrupt)
            with self.assertRaises((KeyboardInterrupt, TimeoutError)):
                next(results)
            self.assertTrue(all(future.cancelled() for future in fs))
            go_on()

    def test_a_broken_process_pool_ends_all_calls_but_those_cancelled(self):
        found = programs.run(
            source="""
            import os, pathlib, tempfile
            from threadwise.concurrent.futures import Future, ProcessPoolExecutor, wait

            if __name__ == "__main__":
                pipe = pathlib.Path(tempfile.mkdtemp(), "pipe")
                os.mkfifo(pipe)
                pool = ProcessPoolExecutor(1)
                fs = [pool.submit(pipe.read_bytes), *(pool.submit(os._exit, 1) for _ in range(9))]
                fs[-3].cancel()
                pipe.write_bytes(b"go on")
                pipe.unlink()
                pipe.parent.rmdir()
                wait(fs, timeout=30)
                print(fs[-3].cancelled(), sum(future.done() for future in fs))
            """,
            check=False,
        )
        self.assertEqual(found.stdout.split(), ["True", "10"], found.stderr)


class PoolInternalsTest(unittest.TestCase):
    def test_idle_semaphore(self):
        with ThreadPoolExecutor(3) as pool:
            self.assertEqual(pool._idle_semaphore._value, 0)
            self.assertIsInstance(pool._idle_semaphore, threading.Semaphore)
            pool.submit(abs, -1).result()
            wait_until(lambda: pool._idle_semaphore._value == 1)
            go_on = block(pool)
            self.assertEqual((pool._idle_semaphore._value, len(pool._threads)), (0, 1))
            go_on()
            wait_until(lambda: pool._idle_semaphore._value == 1)

    def test_adjust_thread_count_is_called_with_each_call(self):
        class Counting(ThreadPoolExecutor):
            calls = 0

            def _adjust_thread_count(self):
                self.calls += 1
                super()._adjust_thread_count()

        with Counting(2) as pool:
            for _ in range(5):
                pool.submit(abs, -1).result()
            self.assertEqual(pool.calls, 5)
            self.assertLessEqual(len(pool._threads), 2)

    def test_a_program_may_start_the_workers(self):
        class Daemons(ThreadPoolExecutor):
            def _adjust_thread_count(self):
                if self._idle_semaphore.acquire(timeout=0) or len(self._threads) == self._max_workers:
                    return
                reference = weakref.ref(self, lambda _, work_queue=self._work_queue: work_queue.put(None))
                if hasattr(self, "_create_worker_context"):
                    arguments = reference, self._create_worker_context(), self._work_queue
                else:
                    arguments = reference, self._work_queue, self._initializer, self._initargs
                worker = threading.Thread(target=pools._worker, args=arguments, daemon=True)
                worker.start()
                self._threads.add(worker)

        with Daemons(2) as pool:
            self.assertEqual(list(pool.map(abs, range(-5, 0))), [5, 4, 3, 2, 1])
            self.assertTrue(all(worker.daemon for worker in pool._threads))

    def test_idle_workers_of_another_queue_are_used_again(self):
        for kind in (queue.LifoQueue, standard_queue.SimpleQueue, standard_queue.Queue):
            with ThreadPoolExecutor(8) as pool:
                pool._work_queue = kind()
                for number in range(8):
                    self.assertEqual(pool.submit(abs, -number).result(), number)
                    wait_until(lambda: pool._idle_semaphore._value == 1)
                self.assertEqual(len(pool._threads), 1)

    def test_submit_waits_for_the_lock_that_python_takes(self):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(abs, -1).result()
            with pool._shutdown_lock:
                submitter = threading.Thread(target=pool.submit, args=(abs, -1))
                submitter.start()
                time.sleep(0.01)
                self.assertEqual(pool._work_queue.qsize(), 0)
                self.assertTrue(submitter.is_alive())
            submitter.join()

    def test_a_function_in_the_place_of_worker(self):
        if sys.version_info >= (3, 14):

            def worker(executor_reference, ctx, work_queue):
                serve(work_queue, ctx)

        else:

            def worker(executor_reference, work_queue, initializer, initargs):
                serve(work_queue)

        def serve(work_queue, *context):
            while (item := work_queue.get(block=True)) is not None:
                served.append(item.fn)
                item.run(*context)
            work_queue.put(None)

        served = []
        with unittest.mock.patch.object(pools, "_worker", worker), ThreadPoolExecutor(1) as pool:
            self.assertEqual(pool.submit(abs, -1).result(), 1)
        self.assertEqual(served, [abs])

    def test_a_broken_pool_is_marked_by_a_method(self):
        class Own(ThreadPoolExecutor):
            def _initializer_failed(self):
                failed.append(self)
                super()._initializer_failed()

        failed = []
        with self.assertLogs("concurrent.futures", "CRITICAL"), Own(1, initializer=lambda: 1 / 0) as pool:
            with self.assertRaises(pools.BrokenThreadPool):
                pool.submit(abs, -1).result()
        self.assertEqual(failed, [pool])

    def test_a_logger_in_the_place_of_the_modules(self):
        with unittest.mock.patch.object(_base, "LOGGER") as logger:
            future = Future()
            future.add_done_callback(lambda future: 1 / 0)
            future.set_result(1)
        self.assertEqual(len(logger.mock_calls), 1)


class WorkItemTest(unittest.TestCase):
    def new(self, future, fn, *args, **kwargs):
        call = ((fn, args, kwargs),) if sys.version_info >= (3, 14) else (fn, args, kwargs)
        return pools._WorkItem(future, *call)

    def test_attributes(self):
        future = Future()
        item = self.new(future, pow, 3, exp=2)
        self.assertEqual((item.future, item.fn, item.args, item.kwargs), (future, pow, (3,), {"exp": 2}))
        self.assertEqual(item.task, (pow, (3,), {"exp": 2}))
        item.note = "a note"
        weakref.ref(item)
        item.run()
        self.assertEqual(future.result(), 9)

    def test_a_queued_call_may_be_changed(self):
        with ThreadPoolExecutor(1) as pool:
            go_on = block(pool)
            futures = [pool.submit(pow, 3, exp=2) for _ in range(5)]
            items = [pool._work_queue.get_nowait() for _ in range(5)]
            items[0].fn = lambda base, exp: base + exp
            items[1].args = (4,)
            items[2].kwargs = {"exp": 3}
            items[3].task = (abs, (-7,), {})
            items[4].run = lambda *context: items[4].future.set_result("own")
            for item in items:
                pool._work_queue.put(item)
            go_on()
            self.assertEqual([future.result() for future in futures], [5, 16, 27, 7, "own"])

    def test_run_replaced_in_the_class(self):
        ran = []
        own = pools._WorkItem.run

        def run(self, *context):
            ran.append(self.fn)
            own(self, *context)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(abs, 1).result()
            with unittest.mock.patch.object(pools._WorkItem, "run", run):
                self.assertEqual(pool.submit(abs, -1).result(), 1)
            self.assertEqual(pool.submit(abs, -2).result(), 2)
        self.assertEqual(ran, [abs])

    def test_init_replaced_in_the_class(self):
        made = []
        own = pools._WorkItem.__init__

        def init(self, *args):
            made.append(args[0])
            own(self, *args)

        with ThreadPoolExecutor(1) as pool, unittest.mock.patch.object(pools._WorkItem, "__init__", init):
            future = pool.submit(pow, 2, 5, mod=30)
            self.assertEqual(future.result(), 2)
        self.assertEqual(made, [future])

    def test_a_class_in_the_place_of_work_item(self):
        class Own(pools._WorkItem):
            def __init__(self, future, *call):
                super().__init__(future, *call)
                self.submitter = threading.current_thread()

            def run(self, *context):
                ran.append(self.submitter)
                super().run(*context)

        ran = []
        with ThreadPoolExecutor(1) as pool:
            with unittest.mock.patch.object(pools, "_WorkItem", Own):
                self.assertEqual(pool.submit(pow, 2, 5, mod=30).result(), 2)
            self.assertEqual(pool.submit(abs, -2).result(), 2)
        self.assertEqual(ran, [threading.current_thread()])


if __name__ == "__main__":
    unittest.main()
