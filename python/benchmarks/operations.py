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


def together(*calls):
    """Seconds that the calls take, each a function and its arguments, in a thread each."""
    threads = [threading.Thread(target=function, args=arguments) for function, *arguments in calls]
    start = perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return perf_counter() - start


def streaming(producers):
    """The function that times a bounded queue between as many producers as consumers."""

    def run(count):
        share = range(count // producers + 1)

        def produce(items):
            for number in share:
                items.put(number)

        def consume(items):
            for _ in share:
                items.get()

        items = queue.Queue(1000)
        return together(*[(produce, items)] * producers, *[(consume, items)] * producers)

    return run


operation("Queue 1 producer, 1 consumer", "items/s")(streaming(1))
operation("Queue 2 producers, 2 consumers", "items/s")(streaming(2))


@operation("round trip through Event", "µs")
def event_round_trip(count):
    def ask(there, back):
        for _ in range(count):
            there.set()
            back.wait()
            back.clear()

    def answer(there, back):
        for _ in range(count):
            there.wait()
            there.clear()
            back.set()

    sides = threading.Event(), threading.Event()
    return together((ask, *sides), (answer, *sides))


@operation("round trip through Condition", "µs")
def condition_round_trip(count):
    def take_turns(changed, turn, mine):
        for _ in range(count):
            with changed:
                while turn[0] != mine:
                    changed.wait()
                turn[0] = 1 - mine
                changed.notify()

    changed, turn = threading.Condition(), [0]
    return together((take_turns, changed, turn, 0), (take_turns, changed, turn, 1))


@operation("round trip through Queue", "µs")
def queue_round_trip(count):
    def ask(there, back):
        for _ in range(count):
            there.put(None)
            back.get()

    def answer(there, back):
        for _ in range(count):
            there.get()
            back.put(None)

    sides = queue.Queue(), queue.Queue()
    return together((ask, *sides), (answer, *sides))


@operation("round trip through Lock", "µs")
def lock_round_trip(count):
    def ask(there, back):
        for _ in range(count):
            there.release()
            back.acquire()

    def answer(there, back):
        for _ in range(count):
            there.acquire()
            back.release()

    sides = threading.Lock(), threading.Lock()
    for side in sides:
        side.acquire()
    return together((ask, *sides), (answer, *sides))


@operation("Barrier(2).wait", "µs")
def barrier(count):
    def pass_through(gate):
        for _ in range(count):
            gate.wait()

    gate = threading.Barrier(2)
    return together((pass_through, gate), (pass_through, gate))


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
