"""Everything from many threads at once: nobody gets in where he may not, nothing is lost and nothing comes twice.

THREADWISE_STORM=100 in the environment makes each storm that much longer.
"""

import collections
import contextlib
import gc
import os
import random
import sys
import unittest

from threadwise import queue, threading
from threadwise.concurrent.futures import (
    FIRST_COMPLETED, CancelledError, Future, InvalidStateError, ThreadPoolExecutor, as_completed, wait
)

LENGTH = int(os.environ.get("THREADWISE_STORM", "1"))
THREADS = 6
LONG = 600 * LENGTH  # seconds: nothing takes as long, not even with a sanitizer on a busy machine


def storm(*works):
    """Calls every function in a thread of its own, all at once, and raises what the first of them raised."""
    errors = collections.deque()
    gate = threading.Event()

    def run(work):
        gate.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[work], daemon=True) for work in works]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(LONG)
        if thread.is_alive():
            raise errors[0] if errors else AssertionError("a thread waits for ever")
    if errors:
        raise errors[0]


class Storm(unittest.TestCase):
    def setUp(self):
        # Where there is an interpreter lock, threads take turns as often as they can.
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(1e-5)


class LockStorm(Storm):
    def ways_in(self, lock):
        """Each of them comes back with the lock taken."""

        def patiently():
            while not lock.acquire(timeout=0.0005):
                pass

        def trying():
            if not lock.acquire(False):
                lock.acquire()

        return (lock.acquire, lock.__enter__, patiently, trying)

    def test_one_at_a_time(self):
        kinds = (threading.Lock, threading.RLock, threading.Condition, threading.Semaphore, threading.BoundedSemaphore)
        for kind in kinds:
            with self.subTest(kind.__name__):
                lock, inside, entered, rounds = kind(), 0, 0, 2000 * LENGTH

                def work():
                    nonlocal inside, entered
                    ways = self.ways_in(lock)
                    for i in range(rounds):
                        ways[i % len(ways)]()
                        inside += 1
                        self.assertEqual(inside, 1)
                        entered += 1
                        inside -= 1
                        lock.release()

                storm(*[work] * THREADS)
                self.assertEqual(entered, rounds * THREADS)

    def test_nested(self):
        lock, count, rounds = threading.RLock(), 0, 2000 * LENGTH

        def work():
            nonlocal count
            for i in range(rounds):
                with contextlib.ExitStack() as holds:
                    for _ in range(i % 4 + 1):
                        holds.enter_context(lock)
                    count += 1

        storm(*[work] * THREADS)
        self.assertEqual(count, rounds * THREADS)

    def test_as_many_as_a_semaphore_has(self):
        for kind in (threading.Semaphore, threading.BoundedSemaphore):
            semaphore, places = kind(3), collections.deque(range(3))

            def work():
                for i in range(2000 * LENGTH):
                    if not semaphore.acquire(timeout=None if i % 2 else 0.0005):
                        continue
                    places.append(places.pop())  # an IndexError if there are more than three
                    semaphore.release()

            storm(*[work] * THREADS)
            self.assertTrue(all(semaphore.acquire(False) for _ in range(3)))
            self.assertFalse(semaphore.acquire(False))

    def test_releases_of_several(self):
        semaphore, rounds = threading.Semaphore(0), 2000 * LENGTH

        def give():
            for _ in range(rounds):
                semaphore.release(3)

        def take():
            for _ in range(rounds):
                semaphore.acquire()

        storm(*[give] * 2, *[take] * 6)
        self.assertFalse(semaphore.acquire(False))


class ConditionStorm(Storm):
    def test_taking_turns(self):
        for lock in (threading.Lock(), threading.RLock()):
            condition, turn, rounds = threading.Condition(lock), 0, 200 * LENGTH

            def work(mine):
                nonlocal turn
                for _ in range(rounds):
                    with condition:
                        self.assertTrue(condition.wait_for(lambda: turn % THREADS == mine, LONG))
                        turn += 1
                        condition.notify_all()

            storm(*(lambda mine=i: work(mine) for i in range(THREADS)))
            self.assertEqual(turn, rounds * THREADS)

    def test_every_notification_arrives(self):
        condition, items, got, rounds = threading.Condition(), [], [], 2000 * LENGTH

        def give(first):
            for i in range(first, first + rounds):
                with condition:
                    items.append(i)
                    condition.notify()

        def take():
            for i in range(rounds):
                with condition:
                    while not items:
                        condition.wait(None if i % 2 else 0.0005)
                    got.append(items.pop())

        storm(*(lambda first=i * rounds: give(first) for i in range(3)), *[take] * 3)
        self.assertEqual(sorted(got), list(range(3 * rounds)))


class EventStorm(Storm):
    def test_there_and_back(self):
        def work(mine, other):
            for _ in range(300 * LENGTH):
                self.assertTrue(mine.wait(LONG))
                mine.clear()
                other.set()

        events = [threading.Event() for _ in range(4)]
        for each in events[::2]:
            each.set()
        storm(*(lambda i=i: work(events[i], events[i ^ 1]) for i in range(4)))

    def test_set_wakes_all(self):
        rounds = [threading.Event() for _ in range(200 * LENGTH)]

        def wait_for_each():
            for event in rounds:
                self.assertTrue(event.wait(LONG))
                self.assertTrue(event.is_set())

        def set_each():
            for event in rounds:
                event.set()

        storm(*[wait_for_each] * THREADS, *[set_each] * 2)


class BarrierStorm(Storm):
    def test_everybody_comes_through_together(self):
        actions, rounds = [], 200 * LENGTH
        barrier = threading.Barrier(THREADS, action=lambda: actions.append(None))
        places = [collections.deque() for _ in range(rounds)]

        def work():
            for i in range(rounds):
                places[i].append(barrier.wait(LONG))
                self.assertGreater(len(actions), i)

        storm(*[work] * THREADS)
        self.assertEqual(len(actions), rounds)
        for each in places:
            self.assertEqual(sorted(each), list(range(THREADS)))

    def test_breaking_and_mending(self):
        barrier, done = threading.Barrier(3), threading.Event()

        def come():
            while not done.is_set():
                with contextlib.suppress(threading.BrokenBarrierError):
                    self.assertIn(barrier.wait(), range(3))

        def break_and_mend():
            for _ in range(200 * LENGTH):
                barrier.abort()
                barrier.reset()
            done.set()
            barrier.abort()

        storm(*[come] * 4, break_and_mend)
        barrier.reset()
        storm(*[lambda: barrier.wait(LONG)] * 3)


class QueueStorm(Storm):
    def kinds(self):
        for maxsize in (0, 3):
            yield from (queue.Queue(maxsize), queue.LifoQueue(maxsize), queue.PriorityQueue(maxsize))
        in_parts = queue.Queue(3)
        in_parts.mutex
        yield in_parts
        yield queue.SimpleQueue()

    def test_every_item_arrives_once(self):
        producers, consumers, rounds = 3, 3, 300 * LENGTH
        for q in self.kinds():
            with self.subTest(q=q):
                got = [[] for _ in range(consumers)]

                def put(producer):
                    for i in range(rounds):
                        while True:
                            with contextlib.suppress(queue.Full):
                                q.put((i, producer), timeout=None if i % 2 else 0.0005)
                                break

                def get(mine):
                    for i in range(rounds * producers // consumers):
                        while True:
                            with contextlib.suppress(queue.Empty):
                                mine.append(q.get(timeout=None if i % 2 else 0.0005))
                                break
                        if hasattr(q, "task_done"):
                            q.task_done()

                storm(*(lambda i=i: put(i) for i in range(producers)), *(lambda mine=mine: get(mine) for mine in got))
                self.assertEqual(sorted(sum(got, [])), sorted((i, p) for i in range(rounds) for p in range(producers)))
                self.assertTrue(q.empty())
                if hasattr(q, "join"):
                    q.join()
                if type(q) in (queue.Queue, queue.SimpleQueue):
                    for mine in got:
                        for producer in range(producers):
                            order = [i for i, by in mine if by == producer]
                            self.assertEqual(order, sorted(order))

    def test_shutdown_in_the_midst(self):
        for immediate in (False, True):
            for _ in range(10 * LENGTH):
                q, accepted, got = queue.Queue(2), collections.deque(), collections.deque()

                def put():
                    with contextlib.suppress(queue.ShutDown):
                        for i in range(100):
                            q.put(i)
                            accepted.append(i)

                def get():
                    with contextlib.suppress(queue.ShutDown):
                        while True:
                            got.append(q.get())

                def shut_down():
                    while len(got) < 20:
                        threading.Event().wait(0.0001)
                    q.shutdown(immediate)

                storm(*[put] * 2, *[get] * 2, shut_down)
                self.assertTrue(q.empty())
                if immediate:
                    self.assertLessEqual(len(got), len(accepted))
                else:
                    self.assertEqual(sorted(got), sorted(accepted))


class FutureStorm(Storm):
    def test_one_of_many_decides(self):
        for _ in range(100 * LENGTH):
            future, called, decided = Future(), collections.deque(), collections.deque()

            def decide(how, value):
                with contextlib.suppress(InvalidStateError):
                    if how(value) is not False:
                        decided.append(value)

            def see():
                future.add_done_callback(called.append)
                try:
                    self.assertIn(future.result(LONG), ("result", "other"))
                except CancelledError:
                    self.assertTrue(future.cancelled())

            storm(
                *[see] * 3,
                lambda: decide(future.set_result, "result"),
                lambda: decide(future.set_result, "other"),
                lambda: decide(lambda _: future.cancel(), "cancelled"),
            )
            self.assertEqual(list(called), [future] * 3)
            self.assertEqual(len([value for value in decided if value != "cancelled"]) + future.cancelled(), 1)

    def test_waiting_for_many(self):
        for _ in range(30 * LENGTH):
            futures = [Future() for _ in range(50)]

            def complete(mine):
                for future in mine:
                    future.set_result(None)

            def each_once():
                self.assertEqual(collections.Counter(as_completed(futures, LONG)), collections.Counter(futures))

            def all_of_them():
                self.assertEqual(wait(futures, LONG), (set(futures), set()))

            def one_after_the_other():
                left = set(futures)
                while left:
                    done, left = wait(left, LONG, FIRST_COMPLETED)
                    self.assertTrue(done)

            storm(*[each_once, all_of_them, one_after_the_other] * 2, *(lambda i=i: complete(futures[i::2]) for i in range(2)))


class PoolStorm(Storm):
    def test_submitting_cancelling_and_shutting_down(self):
        for seed in range(10 * LENGTH):
            pool, accepted, runs = ThreadPoolExecutor(3), collections.deque(), collections.deque()

            def task(number):
                runs.append(number)
                if number % 7 == 0:
                    raise KeyError(number)
                return number

            def use(user):
                chance = random.Random(seed * THREADS + user)
                for number in range(user, 100 * THREADS, THREADS):
                    try:
                        future = pool.submit(task, number)
                    except RuntimeError:  # shut down meanwhile
                        return
                    accepted.append((number, future))
                    if chance.random() < 0.3:
                        chance.choice(accepted)[1].cancel()

            def shut_down():
                while len(accepted) < 200:
                    threading.Event().wait(0.0001)
                pool.shutdown(wait=seed % 2 == 0, cancel_futures=seed % 3 == 0)

            storm(*(lambda user=i: use(user) for i in range(THREADS)), shut_down)
            pool.shutdown()
            counts = collections.Counter(runs)
            for number, future in accepted:
                self.assertTrue(future.done())
                self.assertEqual(counts.pop(number, 0), 0 if future.cancelled() else 1)
                if not future.cancelled():
                    self.assertEqual(type(future.exception()), KeyError if number % 7 == 0 else type(None))
            self.assertEqual(counts, {})

    def test_many_pools_at_once(self):
        def work():
            for _ in range(10 * LENGTH):
                with ThreadPoolExecutor(2) as pool:
                    self.assertEqual(sum(pool.map(abs, range(-20, 0))), 210)

        storm(*[work] * THREADS)


class ThreadStorm(Storm):
    def test_starting_and_joining(self):
        ended = collections.deque()

        def work():
            for i in range(20 * LENGTH):
                thread = threading.Thread(target=ended.append, args=[i])
                thread.start()
                self.assertIn(thread.is_alive(), (True, False))
                others = [threading.Thread(target=thread.join) for _ in range(2)]
                for other in others:
                    other.start()
                threading.enumerate()
                for each in (thread, *others):
                    each.join()
                    self.assertFalse(each.is_alive())
                    self.assertNotIn(each, threading.enumerate())

        storm(*[work] * THREADS)
        self.assertEqual(len(ended), 20 * LENGTH * THREADS)

    def test_only_one_start_succeeds(self):
        for _ in range(30 * LENGTH):
            ran, refused = collections.deque(), collections.deque()
            thread = threading.Thread(target=ran.append, args=[None])

            def start():
                try:
                    thread.start()
                except RuntimeError:
                    refused.append(None)

            storm(*[start] * 4)
            thread.join()
            self.assertEqual((len(ran), len(refused)), (1, 3))

    def test_values_of_ones_own(self):
        class Value:
            def __init__(self, owner):
                self.owner = owner
                made.append(None)

            def __del__(self):
                died.append(None)

        made, died = collections.deque(), collections.deque()
        shared = [threading.local() for _ in range(3)]

        def work():
            mine = threading.get_ident()
            for _ in range(30 * LENGTH):
                brief = threading.local()
                for local in (*shared, brief):
                    local.value = Value(mine)
                self.assertEqual({local.value.owner for local in (*shared, brief)}, {mine})
                del brief

        storm(*[work] * THREADS)
        del shared
        gc.collect()
        self.assertEqual(len(died), len(made))

    def test_timers(self):
        fired = collections.deque()

        def work():
            for i in range(20 * LENGTH):
                timer = threading.Timer(0.0005 * (i % 2), fired.append, [i])
                timer.start()
                timer.cancel()
                timer.join()
                self.assertFalse(timer.is_alive())

        storm(*[work] * THREADS)


if __name__ == "__main__":
    unittest.main()
