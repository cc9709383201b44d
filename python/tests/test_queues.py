"""What Python's own tests of queues do not ask: the parts on demand, orders, memory, signals."""

import collections
import contextlib
import copy
import gc
import heapq
import os
import pickle
import random
import signal
import threading
import time
import unittest
import unittest.mock
import weakref

from threadwise import queue


def in_thread(function, *args):
    """Run the function in a thread; the thread's `result` has what it returned."""

    def run():
        thread.result = function(*args)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.001)


class Item:
    """Something that can be watched."""


class TimeoutTest(unittest.TestCase):
    def queues(self, maxsize=0):
        in_parts = queue.Queue(maxsize)
        in_parts.mutex
        return queue.Queue(maxsize), in_parts

    def test_nobody_looks_at_the_timeout_of_what_never_waits(self):
        for each in self.queues():
            each.put(1, True, -1)
            each.put(2, timeout=float("inf"))
            self.assertEqual(each.qsize(), 2)

    def test_a_timeout_too_long_for_any_clock_is_an_error_once_it_is_waited_for(self):
        for too_long in (float("inf"), 2 * threading.TIMEOUT_MAX):
            for each in self.queues(maxsize=1):
                each.put(1, timeout=too_long)
                with self.assertRaises(OverflowError):
                    each.put(2, timeout=too_long)
                self.assertEqual(each.get(timeout=too_long), 1)
                with self.assertRaises(OverflowError):
                    each.get(timeout=too_long)

    def test_a_negative_timeout_is_refused(self):
        for negative in (-1, -0.5, float("-inf")):
            for each in self.queues(maxsize=1):
                with self.assertRaisesRegex(ValueError, "non-negative"):
                    each.put(1, timeout=negative)
                with self.assertRaisesRegex(ValueError, "non-negative"):
                    each.get(timeout=negative)


class PartsTest(unittest.TestCase):
    def test_mutex_and_container_work_together(self):
        q = queue.Queue()
        for item in range(3):
            q.put(item)
        with q.mutex:
            self.assertEqual(q.queue, collections.deque([0, 1, 2]))
            q.queue.clear()
            q.unfinished_tasks = 0
            q.all_tasks_done.notify_all()
        q.join()
        self.assertTrue(q.empty())
        q.put("after")
        self.assertEqual(q.get(), "after")

    def test_waiters_go_over_to_the_parts(self):
        for waits in range(20):
            with self.subTest(waits=waits):
                q = queue.Queue()
                getters = [in_thread(q.get) for _ in range(3)]
                joiner = in_thread(q.join)
                q.not_empty
                for item in range(3):
                    q.put(item)
                for getter in getters:
                    getter.join()
                for _ in range(3):
                    q.task_done()
                joiner.join()
                self.assertEqual(sorted(getter.result for getter in getters), [0, 1, 2])

    def test_putters_go_over_to_the_parts(self):
        q = queue.Queue(1)
        q.put("first")
        putter = in_thread(q.put, "second")
        q.mutex
        self.assertEqual(q.get(), "first")
        putter.join()
        self.assertEqual(q.get(timeout=30), "second")

    def test_timeout_holds_across_the_change(self):
        q = queue.Queue()

        def get():
            with self.assertRaises(queue.Empty):
                q.get(timeout=0.05)

        getter = in_thread(get)
        q.queue
        getter.join()

    def test_containers(self):
        for kind, container in [
            (queue.Queue, collections.deque([3, 1, 2])),
            (queue.LifoQueue, [3, 1, 2]),
            (queue.PriorityQueue, [1, 3, 2]),
        ]:
            with self.subTest(kind=kind):
                q = kind()
                for item in (3, 1, 2):
                    q.put(item)
                self.assertEqual(q.queue, container)
                self.assertEqual(q.unfinished_tasks, 3)

    def test_shutdown_is_kept(self):
        q = queue.Queue()
        q.put(1)
        q.shutdown()
        q.mutex
        self.assertTrue(q.is_shutdown)
        self.assertEqual(q.get(), 1)
        with self.assertRaises(queue.ShutDown):
            q.get()
        with self.assertRaises(queue.ShutDown):
            q.put(2)


class SubclassTest(unittest.TestCase):
    def test_own_container(self):
        class SetQueue(queue.Queue):
            def _init(self, maxsize):
                self.queue = set()

            def _put(self, item):
                self.queue.add(item)

            def _get(self):
                return self.queue.pop()

        q = SetQueue(maxsize=2)
        q.put(1)
        q.put(1)
        self.assertEqual(q.qsize(), 1)
        self.assertEqual(q.get(), 1)
        with self.assertRaises(queue.Empty):
            q.get_nowait()

    def test_inherited_functions_can_be_called(self):
        class Logged(queue.PriorityQueue):
            def _put(self, item):
                log.append(item)
                super()._put(item)

        log = []
        q = Logged()
        q.put(2)
        q.put(1)
        self.assertEqual((q.get(), q.get(), log), (1, 2, [2, 1]))

    def test_nowait_goes_through_put_and_get(self):
        class Counted(queue.Queue):
            def put(self, item, block=True, timeout=None):
                calls.append(block)
                super().put(item, block, timeout)

            def get(self, block=True, timeout=None):
                calls.append(block)
                return super().get(block, timeout)

        calls = []
        q = Counted()
        q.put_nowait(1)
        self.assertEqual(q.get_nowait(), 1)
        self.assertEqual(calls, [False, False])

    def test_attributes_and_weak_references(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
            q = kind()
            q.purpose = "test"
            self.assertEqual(q.__dict__, {"purpose": "test"})
            watch = weakref.ref(q)
            del q
            self.assertIsNone(watch())


class OrderTest(unittest.TestCase):
    def test_heap_is_that_of_heapq(self):
        numbers = random.Random(1)
        q, heap = queue.PriorityQueue(), []
        for _ in range(2000):
            if heap and numbers.random() < 0.45:
                self.assertEqual(q.get(), heapq.heappop(heap))
            else:
                item = (numbers.randrange(50), numbers.random())
                q.put(item)
                heapq.heappush(heap, item)
        self.assertEqual(q.queue, heap)

    def test_failing_comparison_changes_nothing(self):
        q = queue.PriorityQueue()
        q.put((1, "a"))
        with self.assertRaises(TypeError):
            q.put((1, None))
        self.assertEqual((q.qsize(), q.unfinished_tasks), (1, 1))
        self.assertEqual(q.get(), (1, "a"))

    def test_comparisons_may_switch_threads(self):
        class Slow:
            def __init__(self, number):
                self.number = number

            def __lt__(self, other):
                time.sleep(0)
                return self.number < other.number

        q = queue.PriorityQueue()

        def feed(start):
            for number in range(start, start + 40):
                q.put(Slow(number))

        threads = [in_thread(feed, 40 * i) for i in range(4)]
        for thread in threads:
            thread.join()
        self.assertEqual([q.get().number for _ in range(160)], list(range(160)))

    def test_limit_can_change(self):
        q = queue.Queue(1)
        q.put(1)
        putter = in_thread(q.put, 2)
        q.maxsize = 2
        putter.join()
        self.assertTrue(q.full())
        for unlimited in (0, -1, float("inf"), 10**30):
            q.maxsize = unlimited
            self.assertFalse(q.full())
            self.assertEqual(q.maxsize, unlimited)


class Asking:
    """An item whose comparison first calls a function."""

    def __init__(self, number, ask):
        self.number = number
        self.ask = ask

    def __lt__(self, other):
        self.ask()
        return self.number < other.number


class ComparisonTest(unittest.TestCase):
    """No lock is held that what a comparison calls would wait for, but the one that Queue.mutex stands for."""

    def test_it_may_look_at_the_queue(self):
        for look in (lambda: len(q.queue), lambda: q.qsize(), lambda: q.empty(), lambda: q.full(), lambda: q.maxsize):
            q = queue.PriorityQueue()
            for number in (3, 1, 4, 2):
                q.put(Asking(number, look))
            self.assertEqual([q.get().number for _ in range(4)], [1, 2, 3, 4])

    def test_it_may_ask_for_the_container_first(self):
        for first in ("put", "get"):
            with self.subTest(first):
                q = queue.PriorityQueue()
                asks = first == "put"
                for number in (3, 1, 4, 2):
                    q.put(Asking(number, lambda: asks and len(q.queue)))
                asks = True
                self.assertEqual([q.get().number for _ in range(4)], [1, 2, 3, 4])

    def test_it_may_shut_the_queue_down(self):
        for call in ("put", "get"):
            with self.subTest(call):
                q = queue.PriorityQueue()
                active = False
                watches = []
                for number in range(5):
                    item = Asking(number, lambda: active and q.shutdown(immediate=True))
                    watches.append(weakref.ref(item))
                    q.put(item)
                active = True
                with self.assertRaises(queue.ShutDown):
                    q.put(Asking(-1, lambda: q.shutdown(immediate=True))) if call == "put" else q.get()
                del item
                gc.collect()
                self.assertEqual([watch() for watch in watches], [None] * 5)
                q.join()

    def test_what_dies_of_it_may_use_the_queue(self):
        died = []

        class Mortal(Asking):
            def __del__(self):
                died.append(q.qsize())
                with contextlib.suppress(queue.ShutDown):
                    q.put(self.number)

        q = queue.PriorityQueue()
        active = False
        for number in range(5):
            q.put(Mortal(number, lambda: active and q.shutdown(immediate=True)))
        active = True
        with self.assertRaises(queue.ShutDown):
            q.get()
        wait_until(lambda: gc.collect() is not None and len(died) == 5)

    def test_a_signal_ends_the_wait_for_it(self):
        begun, go_on = threading.Event(), threading.Event()
        q = queue.PriorityQueue()
        q.put(Asking(1, lambda: None))
        for use in (q.get, lambda: q.put(Asking(3, lambda: None))):
            begun.clear()
            go_on.clear()
            putter = in_thread(q.put, Asking(0, lambda: (begun.set(), go_on.wait())))
            begun.wait()
            sender = threading.Thread(target=lambda: (time.sleep(0.02), os.kill(os.getpid(), signal.SIGINT)))
            with self.assertRaises(KeyboardInterrupt):
                sender.start()
                use()
            sender.join()
            go_on.set()
            putter.join()
        self.assertEqual([q.get().number for _ in range(3)], [0, 0, 1])
        self.assertTrue(q.empty())

    def test_a_signal_ends_a_put_from_inside_of_it(self):
        q = queue.PriorityQueue()
        q.put(Asking(1, lambda: None))

        def put():
            threading.Thread(target=lambda: (time.sleep(0.02), os.kill(os.getpid(), signal.SIGINT))).start()
            q.put(Asking(2, lambda: None))

        with self.assertRaises(KeyboardInterrupt):
            q.put(Asking(0, put))
        q.put(Asking(3, lambda: None))
        self.assertEqual([q.get().number for _ in range(2)], [1, 3])


class ReentryTest(unittest.TestCase):
    def test_items_that_die_may_use_the_queue(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
            for touch in (False, True):
                with self.subTest(kind=kind, touch=touch):
                    class Mortal:
                        def __del__(self):
                            q.put((self.number + 10, None))

                    q = kind()
                    if touch and kind is not queue.SimpleQueue:
                        q.mutex
                    for number in range(3):
                        item = Mortal()
                        item.number = number
                        q.put((number, item))
                    del item
                    numbers = []
                    while len(numbers) < 6:
                        numbers.append(q.get(timeout=30)[0])
                        gc.collect()
                    self.assertEqual(sorted(numbers), [0, 1, 2, 10, 11, 12])

    def test_failing_functions_of_a_subclass_lose_nothing(self):
        class Failing(queue.Queue):
            fails = False

            def _put(self, item):
                if self.fails:
                    raise OSError("put")
                super()._put(item)

            def _get(self):
                if self.fails:
                    raise OSError("get")
                return super()._get()

        q = Failing()
        q.put(1)
        q.fails = True
        with self.assertRaisesRegex(OSError, "put"):
            q.put(2)
        with self.assertRaisesRegex(OSError, "get"):
            q.get()
        q.fails = False
        self.assertEqual((q.qsize(), q.unfinished_tasks, q.get()), (1, 1, 1))

    def test_functions_replaced_in_an_object(self):
        q = queue.Queue()
        q.put(1)
        q._put = lambda item: q.queue.append(-item)
        q.put(2)
        self.assertEqual([q.get(), q.get()], [1, -2])
        q.put = lambda item, block: (item, block)
        self.assertEqual(q.put_nowait(3), (3, False))

    def test_functions_replaced_in_the_class(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
            with self.subTest(kind=kind):
                with unittest.mock.patch.object(kind, "_put", lambda self, item: self.queue.append(-item)):
                    q = kind()
                    q.put(1)
                    self.assertEqual(q.get(), -1)
                q = kind()
                q.put(1)
                self.assertEqual(q.get(), 1)

    def test_items_that_shutdown_drops_from_the_parts_may_use_the_queue(self):
        class Last:
            def __del__(self):
                sizes.append(line.qsize())

        sizes = []
        line = queue.Queue()
        self.assertEqual(len(line.queue), 0)
        line.put(Last())
        line.shutdown(immediate=True)
        self.assertEqual(sizes, [0])


class MemoryTest(unittest.TestCase):
    def test_cycles_are_collected(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
            for touch in (False, True):
                with self.subTest(kind=kind, touch=touch):
                    q, item = kind(), Item()
                    item.queue = q
                    q.put(item)
                    if touch and kind is not queue.SimpleQueue:
                        q.mutex
                    watch = weakref.ref(item)
                    del q, item
                    gc.collect()
                    self.assertIsNone(watch())

    def test_items_are_let_go(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.SimpleQueue):
            with self.subTest(kind=kind):
                q = kind()
                watches = []
                for _ in range(100):
                    item = Item()
                    watches.append(weakref.ref(item))
                    q.put(item)
                del item
                for _ in range(50):
                    q.get()
                self.assertEqual(sum(watch() is None for watch in watches), 50)
                del q
                self.assertTrue(all(watch() is None for watch in watches))

    def test_no_copies(self):
        for kind in (queue.Queue, queue.PriorityQueue, queue.SimpleQueue):
            with self.assertRaises(TypeError):
                pickle.dumps(kind())
            with self.assertRaises(TypeError):
                copy.copy(kind())

    def test_generic(self):
        self.assertEqual(queue.Queue[int].__origin__, queue.Queue)
        self.assertEqual(queue.SimpleQueue[int].__args__, (int,))


class ArgumentsTest(unittest.TestCase):
    def test_by_name(self):
        q = queue.Queue(maxsize=1)
        q.put(item=1, block=True, timeout=None)
        with self.assertRaises(queue.Full):
            q.put(item=2, block=False)
        with self.assertRaises(queue.Full):
            q.put(2, True, 0.001)
        self.assertEqual(q.get(block=True, timeout=1), 1)

    def test_misuse(self):
        q = queue.Queue(1)
        for wrong in (lambda: q.put(), lambda: q.put(1, wait=True), lambda: q.get("", "", ""), lambda: q.get(timeout="1")):
            with self.assertRaises(TypeError):
                wrong()
        with self.assertRaisesRegex(ValueError, "'timeout' must be a non-negative number"):
            q.put(1, timeout=-1)
        with self.assertRaisesRegex(ValueError, "'timeout' must be a non-negative number"):
            q.get(timeout=-1)
        with self.assertRaisesRegex(ValueError, r"task_done\(\) called too many times"):
            q.task_done()
        with self.assertRaises(TypeError):
            queue.Queue("many")


class StormTest(unittest.TestCase):
    def test_every_item_arrives_once(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
            for maxsize in (0, 2):
                if kind is queue.SimpleQueue and maxsize:
                    continue
                with self.subTest(kind=kind, maxsize=maxsize):
                    q = kind() if kind is queue.SimpleQueue else kind(maxsize)
                    producers = [in_thread(lambda i=i: [q.put(item) for item in range(i, 4000, 4)]) for i in range(4)]
                    consumers = [in_thread(lambda: [q.get() for _ in range(1000)]) for _ in range(4)]
                    for thread in producers + consumers:
                        thread.join()
                    got = sorted(item for consumer in consumers for item in consumer.result)
                    self.assertEqual(got, list(range(4000)))

    def test_shutdown_wakes_all(self):
        for touch in (False, True):
            q = queue.Queue()

            def drain():
                try:
                    while True:
                        q.get()
                except queue.ShutDown:
                    return "shut down"

            consumers = [in_thread(drain) for _ in range(4)]
            if touch:
                q.mutex
            for item in range(100):
                q.put(item)
            q.shutdown()
            for consumer in consumers:
                consumer.join()
                self.assertEqual(consumer.result, "shut down")


class SignalTest(unittest.TestCase):
    def test_interrupt_ends_waits_of_the_main_thread(self):
        full = queue.Queue(1)
        full.put(1)
        for wait in (queue.Queue().get, queue.SimpleQueue().get, lambda: full.put(2), full.join):
            sender = threading.Thread(target=lambda: (time.sleep(0.02), os.kill(os.getpid(), signal.SIGINT)))
            with self.assertRaises(KeyboardInterrupt):
                sender.start()
                wait()
            sender.join()

    def test_wait_goes_on_after_a_handler(self):
        handled = []
        old = signal.signal(signal.SIGUSR1, lambda *_: handled.append(1))
        self.addCleanup(signal.signal, signal.SIGUSR1, old)
        q = queue.Queue()

        def send():
            os.kill(os.getpid(), signal.SIGUSR1)
            wait_until(lambda: handled)
            q.put("item")

        sender = in_thread(send)
        self.assertEqual(q.get(timeout=30), "item")
        sender.join()


if __name__ == "__main__":
    unittest.main()
