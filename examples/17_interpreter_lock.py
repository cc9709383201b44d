"""Python's interpreter lets one thread in at a time: it has a lock of its own, the GIL.

Functions that compute gain nothing by threads then; those that wait do, because who waits does not hold the lock.
"""

import time

from threadwise import threading

FUNCTIONS = 4

answered = 0
counting = threading.Lock()


def compute():
    primes = 0
    for candidate in range(2, 20_000):
        primes += all(candidate % divisor for divisor in range(2, int(candidate**0.5) + 1))
    return primes


def serve():
    global answered
    for _ in range(10):
        time.sleep(0.005)
        with counting:
            answered += 1


def one_after_another(functions):
    for function in functions:
        function()


def on_threads(functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def seconds_of(work, functions):
    begin = time.monotonic()
    work(functions)
    return time.monotonic() - begin


print(f"computing, one after another: {seconds_of(one_after_another, [compute] * FUNCTIONS):.2f} s")
print(f"computing, on threads: {seconds_of(on_threads, [compute] * FUNCTIONS):.2f} s")
print(f"waiting, one after another: {seconds_of(one_after_another, [serve] * FUNCTIONS):.2f} s")
print(f"waiting, on threads: {seconds_of(on_threads, [serve] * FUNCTIONS):.2f} s")
print(f"both, on threads: {seconds_of(on_threads, [compute, compute, serve, serve]):.2f} s")
print(f"{compute()} primes, {answered} answers")
