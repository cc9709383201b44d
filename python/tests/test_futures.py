"""What Python's own tests of concurrent.futures do not ask: private names, memory, orders, signals."""

import gc
import itertools
import logging
import os
import signal
import sys
import threading
import time
import unittest
import warnings
import weakref

from threadwise.concurrent import futures
from threadwise.concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from threadwise.concurrent.futures import thread as pools


class Thing:
    """Something that can be watched."""


def raise_it(error):
    raise error


def is_gone(watch):
    # A free-threaded interpreter lets the thread that made an object delete it, when it next runs, or the collector.
    gc.collect()
    return watch() is None


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.001)


class FutureTest(unittest.TestCase):
    def test_private_names_are_enough_for_an_executor(self):
        future = Future()
        told = []

        class Recorder:
            def add_result(self, future):
                told.append(future)

        future._waiters.append(Recorder())
        getter = threading.Thread(target=lambda: told.append(future.result()))
        getter.start()
        with future._condition:
            self.assertEqual(future._state, "PENDING")
            future._state = "FINISHED"
            time.sleep(0.01)  # who waits must not look before the condition is released
            future._result = "result"
            future._condition.notify_all()
        getter.join()
        self.assertEqual(told, ["result"])
        future._invoke_callbacks()

    def test_waiters_are_told(self):
        told = []

        class Recorder:
            def __getattr__(self, name):
                return lambda future: told.append(name)

        for act in (lambda f: f.set_result(1), lambda f: f.set_exception(OSError()), lambda f: f.cancel()):
            future = Future()
            future._waiters.append(Recorder())
            act(future)
            if future.cancelled():
                future.set_running_or_notify_cancel()
        self.assertEqual(told, ["add_result", "add_exception", "add_cancelled"])

    def test_unknown_state_is_refused(self):
        with self.assertRaisesRegex(ValueError, "is no state of a future"):
            Future()._state = "DONE"

    def test_callbacks_are_called_in_order(self):
        future, calls = Future(), []
        for number in range(3):
            future.add_done_callback(lambda done, number=number: calls.append((number, done is future)))
        self.assertEqual(len(future._done_callbacks), 3)
        future.set_result(None)
        future.add_done_callback(lambda done: calls.append("late"))
        self.assertEqual(calls, [(0, True), (1, True), (2, True), "late"])

    def test_what_a_callback_raised_is_being_handled_while_it_is_logged(self):
        handled = []

        class Handler(logging.Handler):
            def emit(self, record):
                handled.append((sys.exc_info()[1], record.exc_info[1]))

        handler, logger = Handler(), logging.getLogger("concurrent.futures")
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        future = futures.Future()
        future.add_done_callback(lambda _: {}["wrong"])
        future.set_result(1)
        self.assertEqual([type(each) for pair in handled for each in pair], [KeyError] * 2)
        self.assertIs(*handled[0])
        self.assertEqual(sys.exc_info(), (None, None, None))

    def test_callback_errors_are_logged(self):
        future = Future()
        future.add_done_callback(lambda done: raise_it(ValueError("in callback")))
        with self.assertLogs("concurrent.futures", "ERROR") as logs:
            future.set_result(1)
        self.assertIn("exception calling callback for <Future at", logs.output[0])
        self.assertIn("ValueError: in callback", logs.output[0])

    def test_condition_in_use_is_honoured(self):
        future = Future()
        held, let_go = threading.Event(), threading.Event()

        def hold():
            with future._condition:
                held.set()
                let_go.wait()

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        setter = threading.Thread(target=future.set_result, args=(1,))
        setter.start()
        time.sleep(0.005)
        self.assertEqual(future._state, "PENDING")
        let_go.set()
        setter.join()
        holder.join()
        self.assertEqual(future.result(), 1)

    def test_subclass(self):
        class Own(Future):
            def __init__(self, name):
                super().__init__()
                self.name = name

            def cancel(self):
                return "never"

        future = Own("mine")
        self.assertRegex(repr(future), "<Own at 0x[0-9a-f]+ state=pending>")
        self.assertEqual((future.cancel(), future.name), ("never", "mine"))

    def test_cycles_are_collected(self):
        for keep in (
            lambda future, thing: future.set_result(thing),
            lambda future, thing: future.add_done_callback(lambda done: thing),
            lambda future, thing: setattr(future, "thing", thing),
        ):
            future, thing = Future(), Thing()
            thing.future = future
            keep(future, thing)
            watches = weakref.ref(future), weakref.ref(thing)
            del future, thing
            gc.collect()
            self.assertEqual([watch() for watch in watches], [None, None])

    def test_exception_keeps_no_frame_of_ours(self):
        future = Future()
        future.set_exception(ValueError("once"))
        watch = weakref.ref(future)
        try:
            future.result()
        except ValueError as error:
            self.assertIsNone(error.__context__)
        del future
        self.assertIsNone(watch())


class WaitTest(unittest.TestCase):
    def test_return_when(self):
        failed, fine, pending = Future(), Future(), Future()
        failed.set_exception(OSError())
        fine.set_result(1)
        self.assertEqual(wait([failed, pending], return_when="FIRST_EXCEPTION"), ({failed}, {pending}))
        self.assertEqual(wait([fine, pending], return_when="FIRST_COMPLETED"), ({fine}, {pending}))
        self.assertEqual(wait([fine, pending], timeout=0.01, return_when="FIRST_EXCEPTION"), ({fine}, {pending}))
        self.assertEqual(wait([fine, fine, failed]), ({fine, failed}, set()))
        with self.assertRaisesRegex(ValueError, "Invalid return condition: 'SOME'"):
            wait([fine], return_when="SOME")
        with self.assertRaisesRegex(TypeError, "not 'int'"):
            wait([1])

    def test_first_exception_wakes(self):
        pending = [Future() for _ in range(3)]
        setter = threading.Thread(target=lambda: (pending[0].set_result(1), pending[1].set_exception(OSError())))
        setter.start()
        done, not_done = wait(pending, return_when="FIRST_EXCEPTION")
        setter.join()
        self.assertIn(pending[1], done)
        self.assertEqual(not_done, {pending[2]})

    def test_as_completed_gives_each_once(self):
        all_futures = [Future() for _ in range(200)]

        def finish():
            for future in all_futures:
                future.set_result(future)

        finisher = threading.Thread(target=finish)
        finisher.start()
        got = list(as_completed(all_futures + all_futures))
        finisher.join()
        self.assertEqual(len(got), 200)
        self.assertEqual(set(got), set(all_futures))

    def test_as_completed_out_of_time(self):
        fine, pending = Future(), Future()
        fine.set_result(1)
        steps = as_completed([fine, pending], timeout=0)
        self.assertIs(next(steps), fine)
        with self.assertRaisesRegex(futures.TimeoutError, r"1 \(of 2\) futures unfinished"):
            next(steps)
        self.assertEqual(list(steps), [])
        pending.set_result(2)

    def test_as_completed_can_be_dropped(self):
        all_futures = [Future() for _ in range(3)]
        steps = as_completed(all_futures)
        all_futures[1].set_result(1)
        next(steps)
        steps.close()
        self.assertEqual(list(steps), [])
        for future in (all_futures[0], all_futures[2]):
            future.set_result(0)

    def test_many_threads_wait_for_many_futures(self):
        all_futures = [Future() for _ in range(300)]
        results = []
        waiters = [
            threading.Thread(target=lambda: results.append(sum(f.result() for f in as_completed(all_futures))))
            for _ in range(4)
        ]
        waiters += [threading.Thread(target=lambda: results.append(len(wait(all_futures).done))) for _ in range(2)]
        for waiter in waiters:
            waiter.start()
        for future in all_futures:
            future.set_result(1)
        for waiter in waiters:
            waiter.join()
        self.assertEqual(results, [300] * 6)


class PoolTest(unittest.TestCase):
    def test_arguments_arrive(self):
        def call(*args, **kwargs):
            return args, kwargs

        with ThreadPoolExecutor(2) as pool:
            self.assertEqual(pool.submit(call, 1, 2, fn=3, self=4).result(), ((1, 2), {"fn": 3, "self": 4}))
            self.assertEqual(pool.submit(call).result(), ((), {}))
            with self.assertRaisesRegex(TypeError, "missing 1 required positional argument: 'fn'"):
                pool.submit()

    def test_arguments_and_results_are_let_go(self):
        with ThreadPoolExecutor(1) as pool:
            thing = Thing()
            watch = weakref.ref(thing)
            future = pool.submit(lambda thing: None, thing)
            del thing
            future.result()
            self.assertIsNone(watch())
            result = weakref.ref(pool.submit(Thing).result())
            wait_until(lambda: is_gone(result))

    def test_errors_arrive_as_themselves(self):
        for error in (ValueError("x"), SystemExit(3), KeyboardInterrupt()):
            with ThreadPoolExecutor(1) as pool:
                future = pool.submit(raise_it, error)
                self.assertIs(future.exception(), error)
                with self.assertRaises(type(error)) as raised:
                    future.result()
                self.assertIs(raised.exception, error)
                self.assertEqual(pool.submit(abs, -1).result(), 1)

    def test_work_queue_is_what_programs_know(self):
        with ThreadPoolExecutor(1) as pool:
            begun, go_on = threading.Event(), threading.Event()
            pool.submit(lambda: (begun.set(), go_on.wait()))
            begun.wait()
            queued = [pool.submit(pow, 2, i, mod=None) for i in range(3)]
            self.assertEqual(pool._work_queue.qsize(), 3)
            item = pool._work_queue.get_nowait()
            self.assertEqual((item.future, item.fn, item.args, item.kwargs), (queued[0], pow, (2, 0), {"mod": None}))
            item.run()
            self.assertEqual(queued[0].result(), 1)
            own = Future()
            pool._work_queue.put(pools._WorkItem(own, pow, (3,), {"exp": 2}))
            go_on.set()
            self.assertEqual(own.result(), 9)
            self.assertEqual(len(pool._threads), 1)
            self.assertEqual(pool._max_workers, 1)
            self.assertFalse(pool._broken)

    def test_subclass_that_starts_its_threads(self):
        class Daemons(ThreadPoolExecutor):
            def _adjust_thread_count(self):
                if self._idle_semaphore.acquire(timeout=0):
                    return

                def wake(_, q=self._work_queue):
                    q.put(None)

                if len(self._threads) < self._max_workers:
                    if hasattr(self, "_create_worker_context"):
                        arguments = self._create_worker_context(), self._work_queue
                    else:
                        arguments = self._work_queue, self._initializer, self._initargs
                    thread = threading.Thread(target=pools._worker, args=(weakref.ref(self, wake), *arguments), daemon=True)
                    thread.start()
                    self._threads.add(thread)
                    pools._threads_queues[thread] = self._work_queue

        with Daemons(2) as pool:
            self.assertEqual(list(pool.map(abs, range(-5, 0))), [5, 4, 3, 2, 1])
            self.assertTrue(all(thread.daemon for thread in pool._threads))

    def test_other_queues_may_stand_in(self):
        import queue

        with ThreadPoolExecutor(2) as pool:
            pool._work_queue = queue.Queue()
            self.assertEqual([pool.submit(abs, -i).result() for i in range(20)], list(range(20)))

    def test_threads_are_started_as_needed(self):
        with ThreadPoolExecutor(3, thread_name_prefix="worker") as pool:
            barrier = threading.Barrier(3)
            for future in [pool.submit(barrier.wait) for _ in range(3)]:
                future.result()
            self.assertEqual(sorted(thread.name for thread in pool._threads), ["worker_0", "worker_1", "worker_2"])

    def test_shutdown_waits_for_what_is_queued(self):
        for _ in range(20):
            done = []
            pool = ThreadPoolExecutor(2)
            for number in range(50):
                pool.submit(done.append, number)
            pool.shutdown()
            self.assertEqual(sorted(done), list(range(50)))
            self.assertFalse(any(thread.is_alive() for thread in pool._threads))
            with self.assertRaisesRegex(RuntimeError, "cannot schedule new futures after shutdown"):
                pool.submit(abs, 1)

    def test_shutdown_while_others_submit(self):
        for _ in range(5):
            pool, accepted = ThreadPoolExecutor(2), []

            def submit_until_refused():
                try:
                    while True:
                        accepted.append(pool.submit(abs, -1))
                except RuntimeError:
                    pass

            submitters = [threading.Thread(target=submit_until_refused) for _ in range(3)]
            for submitter in submitters:
                submitter.start()
            wait_until(lambda: len(accepted) > 10)
            pool.shutdown()
            for submitter in submitters:
                submitter.join()
            self.assertTrue(all(future.result(timeout=30) == 1 for future in accepted))

    def test_dropped_pool_ends_its_threads(self):
        pool = ThreadPoolExecutor(2)
        future = pool.submit(abs, -1)
        threads = pool._threads
        del pool
        gc.collect()
        for thread in threads:
            thread.join()
        self.assertEqual(future.result(), 1)

    def test_calls_in_c_let_others_run(self):
        seen = []
        with ThreadPoolExecutor(1) as pool:
            pending = [pool.submit(sum, range(2000)) for _ in range(2000)]
            watcher = threading.Thread(target=lambda: seen.append(pending[-1].done()))
            watcher.start()
            watcher.join()
        self.assertEqual(len(seen), 1)

    def test_map(self):
        with ThreadPoolExecutor(4) as pool:
            self.assertEqual(list(pool.map(pow, range(100), itertools.repeat(2))), [i * i for i in range(100)])
            taken = []
            numbers = (taken.append(i) or i for i in itertools.count())
            squares = pool.map(lambda i: i * i, numbers, buffersize=3)
            self.assertEqual(next(squares), 0)
            self.assertLessEqual(len(taken), 4)
            self.assertEqual(next(squares), 1)
            for wrong, error in ((0, ValueError), (1.5, TypeError)):
                with self.assertRaises(error):
                    pool.map(abs, [1], buffersize=wrong)

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_pool_works_anew_after_fork(self):
        with ThreadPoolExecutor(2) as pool:
            pool.submit(abs, -1).result()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                child = os.fork()
            if child == 0:
                code = 1
                try:
                    code = 0 if pool.submit(abs, -2).result(timeout=30) == 2 else 2
                finally:
                    os._exit(code)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
            self.assertEqual(pool.submit(abs, -3).result(), 3)

    def test_interrupt_ends_waits_of_the_main_thread(self):
        pending = Future()
        for wait_for in (pending.result, lambda: wait([pending]), lambda: next(as_completed([pending]))):
            sender = threading.Thread(target=lambda: (time.sleep(0.02), os.kill(os.getpid(), signal.SIGINT)))
            with self.assertRaises(KeyboardInterrupt):
                sender.start()
                wait_for()
            sender.join()


@unittest.skipUnless(hasattr(futures, "InterpreterPoolExecutor"), "needs Python 3.14")
class InterpreterPoolTest(unittest.TestCase):
    def test_calls_are_made_elsewhere(self):
        with futures.InterpreterPoolExecutor(2) as pool:
            call = pool.submit(pow, 2, exp=5)
            self.assertIsInstance(call, Future)
            self.assertEqual(call.result(), 32)
            self.assertEqual(list(pool.map(abs, [-1, -2, 3])), [1, 2, 3])
            self.assertIsInstance(pool.submit(int, "x").exception(), ValueError)

    def test_initializer_that_fails_breaks_the_pool(self):
        with self.assertLogs("concurrent.futures", "CRITICAL"):
            with futures.InterpreterPoolExecutor(1, initializer=int, initargs=["x"]) as pool:
                self.assertIsInstance(pool.submit(abs, 1).exception(), pool.BROKEN)


if __name__ == "__main__":
    unittest.main()
