"""operations.py NAME: times one operation with the modules that are imported here, and prints what one costs.

Each function does its operation `count` times and returns the seconds that took; UNITS says how that is reported. The program
knows nothing of threadwise: whether it runs on the standard modules or on ours is decided outside.
"""

import queue
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import repeat
from time import perf_counter

TARGET = 0.2  # seconds that a measurement takes
OPERATIONS = {}  # name: (function, unit)
UNITS = {  # what is reported of the seconds that one operation takes
    "ns": lambda seconds: seconds * 1e9,
    "µs": lambda seconds: seconds * 1e6,
    "items/s": lambda seconds: 1 / seconds,
}


def operation(name, unit):
    """Registers the function that is decorated under this name."""

    def register(function):
        OPERATIONS[name] = (function, unit)
        return function

    return register


def entering(lock):
    """The function that times `with lock`."""

    def run(count):
        held = lock()
        start = perf_counter()
        for _ in repeat(None, count):
            with held:
                pass
        return perf_counter() - start

    return run


for name in ("Lock", "RLock", "Condition", "Semaphore"):
    operation(f"with {name}()", "ns")(entering(getattr(threading, name)))


@operation("Lock acquire+release", "ns")
def lock(count):
    held = threading.Lock()
    acquire, release = held.acquire, held.release
    start = perf_counter()
    for _ in repeat(None, count):
        acquire()
        release()
    return perf_counter() - start


@operation("Event set+is_set+clear", "ns")
def event(count):
    flag = threading.Event()
    start = perf_counter()
    for _ in repeat(None, count):
        flag.set()
        flag.is_set()
        flag.clear()
    return perf_counter() - start


def putting_and_getting(kind):
    def run(count):
        items = kind()
        start = perf_counter()
        for _ in repeat(None, count):
            items.put(None)
            items.get()
        return perf_counter() - start

    return run


operation("Queue put+get", "ns")(putting_and_getting(queue.Queue))
operation("SimpleQueue put+get", "ns")(putting_and_getting(queue.SimpleQueue))


@operation("threading.local get", "ns")
def local(count):
    mine = threading.local()
    mine.value = 1
    start = perf_counter()
    for _ in repeat(None, count):
        mine.value
    return perf_counter() - start


@operation("Future create+set+result", "µs")
def future(count):
    start = perf_counter()
    for _ in repeat(None, count):
        promised = Future()
        promised.set_result(None)
        promised.result()
    return perf_counter() - start


def together(*functions):
    """Seconds that the functions take, each in a thread."""
    threads = [threading.Thread(target=each) for each in functions]
    start = perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return perf_counter() - start


def streaming(producers):
    """The function that times a bounded queue between as many producers as consumers."""

    def run(count):
        items = queue.Queue(1000)
        share = count // producers + 1

        def produce():
            for number in range(share):
                items.put(number)

        def consume():
            for _ in range(share):
                items.get()

        return together(*[produce] * producers, *[consume] * producers)

    return run


operation("Queue 1 producer, 1 consumer", "items/s")(streaming(1))
operation("Queue 2 producers, 2 consumers", "items/s")(streaming(2))


def answering(say, hear):
    """Seconds of `count` round trips: one thread says and hears on sides 0 and 1, the other answers."""

    def run(count):
        def ask():
            for _ in range(count):
                say(0)
                hear(1)

        def answer():
            for _ in range(count):
                hear(0)
                say(1)

        return together(ask, answer)

    return run


@operation("round trip through Event", "µs")
def event_round_trip(count):
    sides = threading.Event(), threading.Event()

    def hear(side):
        sides[side].wait()
        sides[side].clear()

    return answering(lambda side: sides[side].set(), hear)(count)


@operation("round trip through Condition", "µs")
def condition_round_trip(count):
    changed, said = threading.Condition(), [False, False]

    def say(side):
        with changed:
            said[side] = True
            changed.notify()

    def hear(side):
        with changed:
            while not said[side]:
                changed.wait()
            said[side] = False

    return answering(say, hear)(count)


@operation("round trip through Queue", "µs")
def queue_round_trip(count):
    sides = queue.Queue(), queue.Queue()
    return answering(lambda side: sides[side].put(None), lambda side: sides[side].get())(count)


@operation("round trip through Lock", "µs")
def lock_round_trip(count):
    sides = threading.Lock(), threading.Lock()
    for side in sides:
        side.acquire()
    return answering(lambda side: sides[side].release(), lambda side: sides[side].acquire())(count)


@operation("Barrier(2).wait", "µs")
def barrier(count):
    gate = threading.Barrier(2)

    def pass_through():
        for _ in range(count):
            gate.wait()

    return together(pass_through, pass_through)


@operation("Thread start+join", "µs")
def thread(count):
    start = perf_counter()
    for _ in repeat(None, count):
        started = threading.Thread(target=int)
        started.start()
        started.join()
    return perf_counter() - start


def pooling(work):
    """The function that times work(pool, count) on a pool of two workers that run already."""

    def run(count):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(int, range(10)))
            start = perf_counter()
            work(pool, count)
            return perf_counter() - start

    return run


@operation("ThreadPoolExecutor(2) submit all, then result", "µs")
@pooling
def submit_all(pool, count):
    for each in [pool.submit(int) for _ in range(count)]:
        each.result()


@operation("submit().result() round trip", "µs")
@pooling
def submit_one(pool, count):
    for _ in repeat(None, count):
        pool.submit(int).result()


@operation("map, an item", "µs")
@pooling
def map_all(pool, count):
    for _ in pool.map(int, range(count)):
        pass


@operation("as_completed, an item", "µs")
@pooling
def complete_all(pool, count):
    for each in as_completed([pool.submit(int) for _ in range(count)]):
        each.result()


def main(name):
    function, unit = OPERATIONS[name]
    count = 1
    while (seconds := function(count)) < TARGET / 10:
        count *= 2
    count = max(1, int(count * TARGET / seconds))
    print(UNITS[unit](function(count) / count))


if __name__ == "__main__":
    main(*sys.argv[1:])
