"""Two transfers take the same two locks in opposite orders: a deadlock, which is named while it happens. Then the cure."""

from threadwise import inspect, threading


class Account:
    def __init__(self, number):
        self.number = number
        self.lock = threading.RLock()
        self.balance = 100


both_have_one = threading.Barrier(2)


def transfer_carelessly(giver, taker, amount):
    """What goes wrong, made to go wrong each time: each has one lock before either asks for the other's."""
    with giver.lock:
        both_have_one.wait()
        with taker.lock:
            giver.balance -= amount
            taker.balance += amount


def transfer(giver, taker, amount):
    """The locks in the same order everywhere."""
    first, second = sorted((giver, taker), key=lambda account: account.number)
    with first.lock, second.lock:
        giver.balance -= amount
        taker.balance += amount


def at_once(transfer, giver, taker):
    def unless_it_deadlocks(*arguments):
        try:
            transfer(*arguments)
        except inspect.DeadlockError:
            print(threading.current_thread().name, "gave up")

    ada = threading.Thread(name="ada", target=unless_it_deadlocks, args=(giver, taker, 10))
    bob = threading.Thread(name="bob", target=unless_it_deadlocks, args=(taker, giver, 10))
    for thread in (ada, bob):
        thread.start()
    for thread in (ada, bob):
        thread.join()
    print(f"savings {savings.balance}, current {current.balance}")


# Unless this is called, no thread looks for deadlocks. Without a hook the report goes to sys.stderr.
inspect.on_deadlock("throw")
inspect.deadlock_hook = lambda deadlock: print(deadlock, end="")

savings = Account(1)
current = Account(2)
at_once(transfer_carelessly, savings, current)
at_once(transfer, savings, current)
