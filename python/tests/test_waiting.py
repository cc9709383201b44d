"""Waits of the main thread and signals: a handler runs in the middle of the wait, which it may end or serve."""

import builtins
import ctypes
import signal
import threading as standard
import time
import unittest

from programs import HAS_GIL, run
from threadwise import queue, threading
from threadwise.concurrent import futures

LONG = 60  # seconds: a wait that nothing ends


class Interrupted(Exception):
    pass


class TimeoutTests(unittest.TestCase):
    def test_far_below_zero_is_over(self):
        end = threading.Event()
        thread = threading.Thread(target=end.wait)
        thread.start()
        condition = threading.Condition()
        with condition:
            for timeout in (-1, -1e300, float("-inf"), -(10**30)):
                with self.subTest(timeout=timeout):
                    self.assertIsNone(thread.join(timeout))
                    self.assertFalse(end.wait(timeout))
                    self.assertFalse(condition.wait(timeout))
                    self.assertFalse(condition.wait_for(lambda: False, timeout))
                    self.assertFalse(threading.Semaphore(0).acquire(timeout=timeout))
        for timeout in (1e300, 10**30):
            with self.assertRaises(OverflowError):
                thread.join(timeout)
        with self.assertRaises(ValueError):
            thread.join(float("nan"))
        end.set()
        thread.join()


class Sent(Exception):
    """What another thread sends with PyThreadState_SetAsyncExc()."""


def sent_to_waiting(wait, timeout, end=None):
    """What `wait(timeout)` raises, on a thread that gets Sent while it waits; then end() is called, if given.

    None if the time was over too soon."""
    raised = []
    begun = standard.Event()

    def run():
        try:
            begun.set()
            try:
                wait(timeout)
            except BaseException as error:
                raised.append(error)
        except Sent:  # in the handler of another one
            pass

    start = time.monotonic()
    thread = standard.Thread(target=run)
    thread.start()
    begun.wait()
    is_asleep(thread)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Sent))
    in_time = time.monotonic() < start + timeout
    if end:
        end()
    thread.join()
    return raised[0] if in_time else None


def is_asleep(thread):
    """Returns once the system has seen it asleep, which is in its wait, or shortly before."""
    while thread.is_alive():
        with open(f"/proc/self/task/{thread.native_id}/stat") as stat:
            if stat.read().rpartition(")")[2].split()[0] == "S":
                return
        time.sleep(0)


class SentExceptionTests(unittest.TestCase):
    """An exception that is sent to a thread in a wait comes before all that the wait would have done or raised."""

    def expect_sent(self, wait, end=None):
        timeout = 60 if end else 0.1
        while (raised := sent_to_waiting(wait, timeout, end)) is None:
            timeout *= 2
        self.assertIsInstance(raised, Sent)
        self.assertIsNone(raised.__context__)

    def test_it_comes_before_the_error_of_a_wait_that_is_over(self):
        full = queue.Queue(1)
        full.put(None)
        future = futures.Future()
        barrier = threading.Barrier(2)
        for wait in (
            lambda timeout: queue.Queue().get(timeout=timeout),
            lambda timeout: queue.PriorityQueue().get(timeout=timeout),
            lambda timeout: queue.SimpleQueue().get(timeout=timeout),
            lambda timeout: full.put(None, timeout=timeout),
            future.result,
            future.exception,
            lambda timeout: list(futures.as_completed([future], timeout)),
            barrier.wait,
        ):
            self.expect_sent(wait)
        self.assertFalse(barrier.broken)
        self.assertEqual(barrier.n_waiting, 0)

    def test_what_was_waited_for_is_left_alone(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
            items = kind()
            self.expect_sent(lambda timeout: items.get(timeout=timeout), lambda: items.put(7))
            self.assertEqual(items.get_nowait(), 7)
        full = queue.Queue(1)
        full.put(1)
        self.expect_sent(lambda timeout: full.put(2, timeout=timeout), full.get)
        self.assertTrue(full.empty())
        for kind in (threading.Semaphore, threading.BoundedSemaphore):
            permits = kind(1)
            permits.acquire()
            self.expect_sent(lambda timeout: permits.acquire(timeout=timeout), permits.release)
            self.assertTrue(permits.acquire(blocking=False))
        failed = futures.Future()
        self.expect_sent(failed.result, lambda: failed.set_exception(KeyError()))

    def test_a_future_whose_condition_was_waited_for_does_not_change(self):
        for change in (
            lambda future: future.set_result(1),
            lambda future: future.set_exception(KeyError()),
            lambda future: future.cancel(),
            lambda future: future.set_running_or_notify_cancel(),
            lambda future: future.add_done_callback(print),
        ):
            future = futures.Future()
            condition = future._condition
            holder = RLockOfAnother(condition)
            self.expect_sent(lambda _: change(future), holder.close)
            self.assertEqual(future._state, "PENDING")
            self.assertEqual(future._done_callbacks, [])
            with condition:
                pass


class InterruptTests(unittest.TestCase):
    def test_interrupt_main_ends_the_main_threads_wait(self):
        program = """if True:
            from threadwise import _thread, threading

            for _ in range(20):
                begun = threading.Event()

                def interrupt():
                    begun.wait()
                    _thread.interrupt_main()

                thread = threading.Thread(target=interrupt)
                thread.start()
                try:
                    begun.set()
                    threading.Event().wait()
                except KeyboardInterrupt:
                    print("interrupted")
                thread.join()
            """
        self.assertEqual(run(source=program), ["interrupted"] * 20)


class Bell:
    """Sends the main thread a signal again and again, so that no moment need be hit; what it does begins with arm()."""

    def __init__(self, action, once=False):
        self.action, self.once, self.calls, self.armed = action, once, 0, False

    def handle(self, *_):
        if self.armed:
            self.calls += 1
            self.armed = not self.once
            self.action()

    def wait(self, wait, *arguments):
        """Calls wait(*arguments) with the bell armed."""
        try:
            self.armed = True
            return wait(*arguments)
        finally:
            self.armed = False

    def __enter__(self):
        self.done = standard.Event()
        self.old = signal.signal(signal.SIGUSR1, self.handle)
        self.ringer = standard.Thread(target=self.ring, args=[standard.get_ident()])
        self.ringer.start()
        return self

    def ring(self, ident):
        while not self.done.wait(0.002):
            signal.pthread_kill(ident, signal.SIGUSR1)

    def __exit__(self, *_):
        self.done.set()
        self.ringer.join()
        signal.signal(signal.SIGUSR1, self.old)


def interrupt():
    raise Interrupted


def held(lock):
    lock.acquire()
    return lock


class RLockOfAnother:
    """An RLock that another thread has taken."""

    def __init__(self, lock=None):
        self.lock, self.end, begun = lock or threading.RLock(), standard.Event(), standard.Event()
        self.holder = standard.Thread(target=lambda: (self.lock.acquire(), begun.set(), self.end.wait(), self.lock.release()))
        self.holder.start()
        begun.wait()

    def close(self):
        self.end.set()
        self.holder.join()


class SignalTests(unittest.TestCase):
    def waits(self):
        """Pairs of a name and a wait that takes a timeout and that nothing but a signal ends; it says whether it succeeded."""
        lock = held(threading.Lock())
        rlock = RLockOfAnother()
        self.addCleanup(rlock.close)
        condition = threading.Condition()
        end = standard.Event()
        thread = threading.Thread(target=end.wait)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(end.set)

        def wait_for_condition(timeout):
            with condition:
                return condition.wait(timeout)

        def wait_for_predicate(timeout):
            with condition:
                return condition.wait_for(lambda: False, timeout)

        yield "Lock", lambda timeout: lock.acquire(timeout=timeout)
        yield "RLock", lambda timeout: rlock.lock.acquire(timeout=timeout)
        yield "Semaphore", lambda timeout: threading.Semaphore(0).acquire(timeout=timeout)
        yield "Event", lambda timeout: threading.Event().wait(timeout)
        yield "Condition", wait_for_condition
        yield "Condition.wait_for", wait_for_predicate
        yield "Thread.join", thread.join

    def test_an_exception_of_a_handler_ends_any_wait(self):
        for name, wait in self.waits():
            with self.subTest(name), Bell(interrupt, once=True) as bell:
                self.assertRaises(Interrupted, bell.wait, wait, LONG)

    def test_waits_go_on_after_a_handler_and_end_in_time(self):
        for name, wait in self.waits():
            with self.subTest(name), Bell(lambda: None) as bell:
                while bell.calls == 0:
                    self.assertFalse(bell.wait(wait, 0.01))

    def test_a_barrier_is_not_broken_by_a_handlers_exception(self):
        barrier = threading.Barrier(2)
        with Bell(interrupt, once=True) as bell:
            self.assertRaises(Interrupted, bell.wait, barrier.wait)
        self.assertFalse(barrier.broken)
        self.assertEqual(barrier.n_waiting, 0)

    def test_a_handler_may_serve_the_wait(self):
        lock, event, pulse, permits = held(threading.Lock()), threading.Event(), threading.Event(), threading.Semaphore(0)
        condition = threading.Condition()

        def notify():
            with condition:
                condition.notify()

        def wait_for_condition():
            with condition:
                return condition.wait(LONG)

        cases = {
            "Lock": (lambda: lock.locked() and lock.release(), lambda: lock.acquire(timeout=LONG)),
            "Event": (event.set, lambda: event.wait(LONG)),
            "an Event that is cleared at once": (lambda: (pulse.set(), pulse.clear()), lambda: pulse.wait(LONG)),
            "Semaphore": (permits.release, lambda: permits.acquire(timeout=LONG)),
            "Condition": (notify, wait_for_condition),
        }
        for name, (serve, wait) in cases.items():
            with self.subTest(name), Bell(serve) as bell:
                self.assertTrue(bell.wait(wait))

    def test_the_lock_is_held_again_after_an_interrupted_wait(self):
        condition = threading.Condition()
        with condition, condition:
            with Bell(interrupt, once=True) as bell:
                self.assertRaises(Interrupted, bell.wait, condition.wait, LONG)
            self.assertTrue(condition._is_owned())
            self.assertEqual(len(condition._waiters), 0)
        self.assertFalse(condition._is_owned())

    def test_a_wait_without_hope_at_the_interpreters_end(self):
        printed = run(
            source="""
            import gc
            from threadwise import queue, threading
            gc.disable()
            lock = threading.Lock()
            lock.acquire()

            class Late:
                def __del__(self):
                    for wait in (lock.acquire, threading.Event().wait, queue.Queue().get):
                        try: wait()
                        except RuntimeError as error: print(type(error).__name__)
                    print(lock.acquire(timeout=0.001))

            late = Late()
            late.itself = late
            del late
            """
        )
        error = getattr(builtins, "PythonFinalizationError", RuntimeError).__name__
        self.assertEqual(printed, [error] * 3 + ["False"])


class CrowdTests(unittest.TestCase):
    """Where hundreds of waits end at once, the threads are let in one after another, and do not all ask again and again."""

    WAITS = {
        "Event": ("event = threading.Event()", "event.wait()", "event.set()"),
        "Condition": (
            "condition = threading.Condition(threading.Lock()); gone = []",
            "with condition: condition.wait_for(lambda: gone)",
            "with condition: gone.append(1); condition.notify_all()",
        ),
        "Barrier": ("barrier = threading.Barrier(COUNT + 1)", "barrier.wait()", "barrier.wait()"),
        "Semaphore": ("permits = threading.Semaphore(0)", "permits.acquire()", "permits.release(COUNT)"),
        "join": ("first = threading.Thread(target=threading.Event().wait, args=[3]); first.start()", "first.join()", "first.join()"),
    }

    @unittest.skipUnless(HAS_GIL, "there is no lock to ask for")
    def test_a_crowd_sleeps_while_another_thread_has_the_interpreter(self):
        for name, (made, wait, let_go) in self.WAITS.items():
            with self.subTest(name):
                switches, seconds = run(
                    source=f"""
                    import resource, sys, time
                    from threadwise import threading

                    COUNT = 300
                    threading.stack_size(256 * 1024)
                    {made}
                    begun, passed, numbers = threading.Semaphore(0), threading.Semaphore(0), list(range(1_000_000))

                    def work():
                        begun.release()
                        {wait}
                        passed.release()

                    for _ in range(COUNT):
                        threading.Thread(target=work, daemon=True).start()
                    for _ in range(COUNT):
                        begun.acquire()
                    sys.setswitchinterval(0.0005)
                    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
                    {let_go}
                    for _ in range(50):
                        sum(numbers)  # keeps the interpreter, all the time
                    for _ in range(COUNT):
                        passed.acquire()
                    print((resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before) / COUNT)
                    print(time.monotonic() - begin)
                    """
                )
                # Each asks 2,000 times a second otherwise; on a busy machine this takes many seconds.
                self.assertLess(float(switches), 100 * max(float(seconds), 1))


if __name__ == "__main__":
    unittest.main()
