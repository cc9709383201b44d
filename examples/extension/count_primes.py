"""Calls C++ functions in a pool's threads, where they run at the same time; and shares a queue and an event with one."""

from threadwise.concurrent.futures import ThreadPoolExecutor
from threadwise.queue import Queue
from threadwise.threading import Event

import primes

with ThreadPoolExecutor(4) as pool:
    starts = range(0, 200_000, 25_000)
    print("primes below 200,000:", sum(pool.map(primes.count, starts, (start + 25_000 for start in starts))))

    numbers, stop = Queue(maxsize=3), Event()
    feeding = pool.submit(primes.feed, numbers, stop)
    print("the first five:", [numbers.get() for _ in range(5)])
    stop.set()
    feeding.result()

    try:
        pool.submit(primes.count, 10, 0).result()
    except ValueError as error:
        print("ValueError:", error)
