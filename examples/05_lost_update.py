"""Two threads change one number. Without a lock an update gets lost; with it, none does."""

from threadwise import threading


def in_two_threads(function):
    threads = [threading.Thread(target=function) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def two_deposits_without_a_lock():
    """What goes wrong, made to go wrong each time: both threads read before either writes."""
    balance = 0
    both_have_read = threading.Barrier(2)

    def deposit():
        nonlocal balance
        seen = balance
        both_have_read.wait()
        balance = seen + 100  # the other one's 100 are overwritten

    in_two_threads(deposit)
    return balance


def many_deposits_with_a_lock():
    """Whoever has the lock reads and writes with nobody in between."""
    balance = 0
    lock = threading.Lock()

    def deposit():
        nonlocal balance
        for _ in range(100_000):
            with lock:
                balance += 1

    in_two_threads(deposit)
    return balance


print("Two deposits of 100 without a lock:", two_deposits_without_a_lock())
print("200000 deposits of 1 with a lock:", many_deposits_with_a_lock())
