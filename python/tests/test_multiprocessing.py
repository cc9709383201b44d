"""What multiprocessing builds on the modules that threadwise replaces."""

import multiprocessing
import time
import unittest
from pickle import PicklingError

from programs import run
from threadwise import threading
from threadwise.concurrent.futures import ProcessPoolExecutor
from threadwise.concurrent.futures.process import BrokenProcessPool

FORKSERVER = multiprocessing.get_context("forkserver")


class Multiprocessing(unittest.TestCase):
    def test_barrier_that_keeps_its_own_state(self):
        printed = run(
            source="""
            import threadwise
            threadwise.install()
            import multiprocessing, threading
            context = multiprocessing.get_context("fork")

            def come(barrier, numbers):
                for _ in range(3):
                    numbers.put(barrier.wait())

            barrier, numbers = context.Barrier(3), context.SimpleQueue()
            processes = [context.Process(target=come, args=(barrier, numbers)) for _ in range(3)]
            for each in processes: each.start()
            print(sorted(numbers.get() for _ in range(9)))
            for each in processes: each.join()
            print(barrier.parties, barrier.n_waiting, barrier.broken)
            barrier.abort()
            try: barrier.wait()
            except threading.BrokenBarrierError: print("broken", barrier.broken)
            barrier.reset()
            try: barrier.wait(0.01)
            except threading.BrokenBarrierError: print("broken", "broken" in repr(barrier))
            """
        )
        self.assertEqual(printed, ["[0, 0, 0, 1, 1, 1, 2, 2, 2]", "3 0 False", "broken True", "broken True"])


def double(number):
    return 2 * number


def wait_for_good(begun):
    begun.set()
    time.sleep(600)


class Unpicklable:
    def __reduce__(self):
        raise PicklingError


class LatePop:
    """In place of a pool's dictionary of calls: pop() returns when the manager has the lock for the shutdown, if it takes it."""

    def __init__(self, pool):
        self.calls, self.lock = pool._pending_work_items, pool._shutdown_lock
        self.begun, self.is_shut_down = threading.Event(), threading.Event()

    def pop(self, *arguments):
        popped = self.calls.pop(*arguments)
        self.begun.set()
        self.is_shut_down.wait()
        give_up = time.monotonic() + 2
        while not self.lock.locked() and time.monotonic() < give_up:
            time.sleep(0.001)
        return popped


class ProcessPool(unittest.TestCase):
    def test_map_is_no_further_ahead_than_it_may_be(self):
        taken = []
        numbers = (taken.append(number) or number for number in range(100))
        with ProcessPoolExecutor(2, mp_context=FORKSERVER) as pool:
            doubles = pool.map(double, numbers, chunksize=2, buffersize=3)
            self.assertEqual(taken, list(range(6)))
            self.assertEqual(next(doubles), 0)
            self.assertEqual(len(taken), 8)
            self.assertEqual(list(doubles), list(range(2, 200, 2)))
            self.assertRaises(ValueError, pool.map, double, [1], chunksize=0)
            self.assertRaises(ValueError, pool.map, double, [1], buffersize=0)

    def test_workers_are_ended_in_the_middle_of_a_call(self):
        for end in (ProcessPoolExecutor.terminate_workers, ProcessPoolExecutor.kill_workers):
            with self.subTest(end.__name__), FORKSERVER.Manager() as manager:
                begun = manager.Event()
                pool = ProcessPoolExecutor(1, mp_context=FORKSERVER)
                call, waiting = pool.submit(wait_for_good, begun), [pool.submit(double, 1) for _ in range(10)]
                begun.wait()
                end(pool)
                self.assertRaises(BrokenProcessPool, call.result)
                self.assertTrue(waiting[-1].cancelled() or waiting[-1].exception())
                self.assertRaises(RuntimeError, pool.submit, double, 1)
                end(pool)

    def test_a_call_that_cannot_be_pickled_may_meet_the_shutdown(self):
        pool = ProcessPoolExecutor(1, mp_context=FORKSERVER)
        self.assertEqual(pool.submit(double, 1).result(), 2)
        manager, calls = pool._executor_manager_thread, pool._call_queue
        calls.pending_work_items = pending = LatePop(pool)
        call = pool.submit(double, Unpicklable())
        pending.begun.wait()
        pool.shutdown(wait=False)
        pending.is_shut_down.set()
        self.assertRaises(PicklingError, call.result)
        manager.join(60)
        self.assertFalse(manager.is_alive())


if __name__ == "__main__":
    unittest.main()
