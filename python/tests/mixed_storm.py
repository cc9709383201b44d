"""Random operations on everything at once, from many threads; each thread's choice of them follows from the seed.

    python mixed_storm.py SEED

blows one on daemon threads and lets the interpreter end in the midst of it.
"""

import collections
import contextlib
import os
import random
import signal
import sys
import time
import warnings

from threadwise import queue, threading
from threadwise.concurrent.futures import (
    FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED, CancelledError, Future, InvalidStateError, ThreadPoolExecutor,
    as_completed, wait
)

PATIENCE = 60  # seconds: without any progress for so long a storm hangs
TRIES, BRIEF, FOREVER = range(3)  # how an operation waits

warnings.filterwarnings("ignore", message=".*use of fork.*", category=DeprecationWarning)


class Thrown(Exception):
    """What the storm's own calls raise."""


class QueueExchange:
    """Items, each with a number of its own."""

    def __init__(self, items):
        self.items, self.given, self.taken = items, collections.deque(), collections.deque()

    def give(self, way, chance):
        number = chance.random()
        with contextlib.suppress(queue.Full):
            self.items.put(number, way != TRIES, chance.random() / 3000 if way == BRIEF else None)
            self.given.append(number)
            return True
        return False

    def take(self, way, chance):
        with contextlib.suppress(queue.Empty):
            self.taken.append(self.items.get(way != TRIES, chance.random() / 3000 if way == BRIEF else None))
            if hasattr(self.items, "task_done"):
                self.items.task_done()
            return True
        return False

    def check(self):
        assert self.items.empty()
        assert sorted(self.given) == sorted(self.taken), f"{self.items} gave out other items than were put"
        if hasattr(self.items, "join"):
            self.items.join()


class PermitExchange:
    def __init__(self):
        self.permits = threading.Semaphore(0)

    def give(self, way, chance):
        self.permits.release()
        return True

    def take(self, way, chance):
        return self.permits.acquire(way != TRIES, chance.random() / 3000 if way == BRIEF else None)

    def check(self):
        assert not self.permits.acquire(False), "a semaphore has permits of nobody"


class TokenExchange:
    """Each token is announced to one who waits."""

    def __init__(self, lock):
        self.changed, self.tokens = threading.Condition(lock), 0

    def give(self, way, chance):
        with self.changed:
            self.tokens += 1
            self.changed.notify()
        return True

    def take(self, way, chance):
        timeout = {TRIES: 0, BRIEF: chance.random() / 3000, FOREVER: None}[way]
        with self.changed:
            there = self.changed.wait_for(lambda: self.tokens > 0, timeout)
            self.tokens -= there
            return there

    def check(self):
        assert self.tokens == 0, "tokens of nobody are left at a condition"


class Gate:
    """One thread at a time."""

    def __init__(self, lock):
        self.lock, self.guarded, self.entered = lock, 0, collections.deque()


class Storm:
    def __init__(self, seed, actors=6):
        self.seed, self.actors, self.free = seed, actors, actors
        self.over = self.ended = False
        self.failure = None
        self.progress = 0
        self.mine = threading.local()
        self.count_lock = threading.Lock()
        self.deeds = collections.deque()
        self.serving = 0
        self.stopped = set()  # the actors that begin no step any more
        self.accepted, self.settled, self.latest = collections.deque(), collections.deque(), {}
        self.gates = [Gate(kind()) for kind in (threading.Lock, threading.RLock, threading.Semaphore, threading.Condition) * 2]
        kinds = [queue.Queue(), queue.Queue(3), queue.LifoQueue(2), queue.PriorityQueue(), queue.SimpleQueue()]
        self.exchanges = [*map(QueueExchange, kinds), PermitExchange()]
        self.exchanges += [TokenExchange(threading.Lock()), TokenExchange(threading.RLock())]
        self.pools = [ThreadPoolExecutor(3), ThreadPoolExecutor(1), ThreadPoolExecutor(2)]
        self.forking = threading.Lock()

    def run(self, seconds):
        """Lets it blow for so long, and checks that all comes to an end and nothing was lost."""
        threads = self.start(daemon=True)
        self.keep_watch(time.monotonic() + seconds, lambda: False)
        self.over = True
        self.keep_watch(None, self.is_settled)
        self.ended = True
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "an actor does not end"
        self.expect_no_failure()
        for pool in self.pools:
            pool.shutdown()
        for gate in self.gates:
            assert gate.lock.acquire(False), f"{gate.lock} is held by nobody"
            assert gate.guarded == len(gate.entered), f"two threads were inside {gate.lock}"
        for exchange in self.exchanges:
            exchange.check()

    def start(self, daemon):
        threads = [threading.Thread(target=self.act, args=[i], daemon=daemon) for i in range(self.actors)]
        for thread in threads:
            thread.start()
        return threads

    def keep_watch(self, end, done):
        last, since = None, time.monotonic()
        while not done() and (end is None or time.monotonic() < end):
            self.expect_no_failure()
            time.sleep(0.005)
            if self.progress != last:
                last, since = self.progress, time.monotonic()
            assert time.monotonic() - since < PATIENCE, f"nothing has happened for {PATIENCE} s (seed {self.seed})"

    def expect_no_failure(self):
        if self.failure is not None:
            raise AssertionError(f"seed {self.seed}") from self.failure

    def is_settled(self):
        """Whether no actor and no call is left that could leave deeds to others, and all deeds are done."""
        if len(self.stopped) < self.actors or len(self.accepted) != len(self.settled):
            return False
        with self.count_lock:
            return not self.deeds and not self.serving

    def act(self, number):
        self.mine.acts = True
        try:
            serving = random.Random(number)
            step = 0
            while not self.over:
                # Chances of its own for each operation: how one goes changes nothing about the next.
                self.step(random.Random(f"{self.seed} {number} {step}"))
                self.progress += 1
                self.serve(serving)
                step += 1
            self.stopped.add(number)
            while not self.ended:
                if not self.deeds:
                    time.sleep(0.0002)
                self.serve(serving)
        except BaseException as failure:
            self.failure = self.failure or failure

    def step(self, chance):
        if chance.random() < 0.001:
            self.fork()
        chance.choice((self.enter, self.exchange, self.exchange, self.submit, self.use_future, self.meet))(chance)

    # Waiting for others: one actor never does, and does what the others wait for.

    @contextlib.contextmanager
    def permit(self):
        """Whether this thread may wait for as long as it takes."""
        if not getattr(self.mine, "acts", False) or getattr(self.mine, "waits", False):
            yield True
            return
        with self.count_lock:
            taken = self.free > 1
            self.free -= taken
        self.mine.waits = taken
        try:
            yield taken
        finally:
            self.mine.waits = False
            with self.count_lock:
                self.free += taken

    def serve(self, chance):
        with self.count_lock:
            if not self.deeds:
                return
            self.serving += 1
            deed = self.deeds.popleft()
        done = deed(TRIES, chance)
        with self.count_lock:
            self.serving -= 1
            if not done:
                self.deeds.append(deed)
        self.progress += done

    def exchange(self, chance):
        """Leaves the opposite to others beforehand, and the operation itself if it did not succeed."""
        exchange = chance.choice(self.exchanges)
        deed, opposite = chance.sample((exchange.give, exchange.take), 2)
        way = chance.choice((TRIES, BRIEF, FOREVER))
        with self.permit() as may_wait:
            self.deeds.append(opposite)
            if not deed(way if may_wait else min(way, BRIEF), chance):
                self.deeds.append(deed)

    def enter(self, chance, first=0):
        number = chance.randrange(first, len(self.gates))
        gate = self.gates[number]
        way = chance.choice((TRIES, BRIEF, FOREVER))
        if not (gate.lock.acquire(way != TRIES, timeout=chance.random() / 3000) if way == BRIEF else gate.lock.acquire(way != TRIES)):
            return
        try:
            gate.entered.append(None)
            before = gate.guarded
            if number + 1 < len(self.gates) and chance.random() < 0.3:
                self.enter(chance, number + 1)
            gate.guarded = before + 1
        finally:
            gate.lock.release()

    # Calls and futures.

    def submit(self, chance):
        seed, runs = chance.random(), collections.deque()
        try:
            future = chance.choice(self.pools).submit(self.work, seed, runs)
        except RuntimeError:  # the interpreter ends
            return
        self.accepted.append(seed)

        def settle(future):
            self.settled.append(seed)
            if len(runs) != (0 if future.cancelled() else 1):
                self.failure = AssertionError("a call was not run once, or was run and cancelled")

        future.add_done_callback(settle)
        self.latest[chance.randrange(32)] = future

    def work(self, seed, runs):
        runs.append(None)
        chance = random.Random(seed)
        if not self.over:
            chance.choice((self.enter, self.exchange, self.submit, self.meet))(chance)
        if chance.random() < 0.2:
            raise Thrown
        return seed

    def use_future(self, chance):
        futures = [future for _ in range(chance.randrange(1, 5)) if (future := self.latest.get(chance.randrange(32)))]
        how = chance.randrange(5)
        with self.permit() as may_wait, contextlib.suppress(CancelledError, TimeoutError, Thrown):
            timeout = None if may_wait and chance.random() < 0.5 else chance.random() / 3000
            if how == 0:
                for future in futures:
                    future.cancel()
            elif how == 1:
                for future in futures:
                    future.result(timeout)
            elif how == 2:
                done, left = wait(futures, timeout, chance.choice((FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED)))
                assert done | left == set(futures) and (timeout or done or not futures)
            elif how == 3:
                given = list(as_completed(futures, timeout))
                assert len(given) == len(set(given)) == len(set(futures))
            else:
                self.settle_once(chance)

    def settle_once(self, chance):
        """Of all who end a promise one succeeds."""
        promise, ends, told = Future(), collections.deque(), collections.deque()
        promise.add_done_callback(told.append)

        def settle(how):
            with contextlib.suppress(InvalidStateError):
                if how(promise) is not False:
                    ends.append(how)

        hows = chance.sample((Future.cancel, lambda f: f.set_result(1), lambda f: f.set_exception(Thrown())), 2)
        with self.crew(*(lambda how=how: settle(how) for how in hows)):
            pass
        assert len(told) == 1 and (len(ends) == 1 or not ends), (told, ends)

    # Objects of one operation.

    @contextlib.contextmanager
    def crew(self, *works):
        errors, threads = collections.deque(), []

        def run(work):
            try:
                work()
            except BaseException as error:
                errors.append(error)

        for work in works:
            thread = threading.Thread(target=run, args=[work])
            try:
                thread.start()
                threads.append(thread)
            except RuntimeError:  # the interpreter ends
                run(work)
        yield
        for thread in threads:
            thread.join()
            assert not thread.is_alive()
        if errors:
            raise errors[0]

    def meet(self, chance):
        chance.choice((self.signal, self.meet_at_barrier, self.set_timer, self.shut_down, self.use_pool))(chance)

    def signal(self, chance):
        event = threading.Event()
        with self.crew(*[event.wait] * chance.randrange(1, 3)):
            event.set()

    def meet_at_barrier(self, chance):
        numbers, actions = collections.deque(), collections.deque()
        barrier = threading.Barrier(2, lambda: actions.append(None))
        aborts = chance.random() < 0.3

        def come():
            with contextlib.suppress(threading.BrokenBarrierError):
                for _ in range(3):
                    numbers.append(barrier.wait(PATIENCE))

        try:
            thread = threading.Thread(target=come)
            thread.start()
        except RuntimeError:  # the interpreter ends
            return
        if aborts:
            barrier.abort()
        come()
        thread.join()
        assert numbers.count(0) == numbers.count(1) and (aborts or len(actions) == 3)

    def set_timer(self, chance):
        calls, cancels = collections.deque(), chance.random() < 0.5
        timer = threading.Timer(chance.random() / 3000, calls.append, [None])
        try:
            timer.start()
        except RuntimeError:  # the interpreter ends
            return
        if cancels:
            timer.cancel()
        timer.join()
        assert len(calls) == 1 or cancels and not calls

    def shut_down(self, chance):
        items, put, got = queue.Queue(chance.randrange(3)), collections.deque(), collections.deque()

        def bring():
            with contextlib.suppress(queue.ShutDown):
                while True:
                    items.put(None)
                    put.append(None)

        def fetch():
            with contextlib.suppress(queue.ShutDown):
                while True:
                    got.append(items.get())

        immediate = chance.random() < 0.3
        threads = [threading.Thread(target=work) for work in (bring, fetch)]
        with contextlib.suppress(RuntimeError):
            for thread in threads:
                thread.start()
        items.shutdown(immediate)
        fetch()
        for thread in threads:
            with contextlib.suppress(RuntimeError):
                thread.join()
        assert items.empty() and (len(got) == len(put) or immediate and len(got) <= len(put))

    def use_pool(self, chance):
        runs = collections.deque()
        try:
            with ThreadPoolExecutor(2) as pool:
                count = chance.randrange(8)
                futures = [pool.submit(runs.append, i) for i in range(count)]
                if chance.random() < 0.5:
                    pool.shutdown(False, cancel_futures=True)
        except RuntimeError:  # the interpreter ends
            return
        assert all(future.done() for future in futures)
        assert len(runs) + sum(future.cancelled() for future in futures) == count

    def fork(self):
        """The child can use the library, and ends."""
        # A child that starts threads is ended by the thread sanitizer, and may hang in the address sanitizer's allocator.
        if os.environ.get("SANITIZE") or not self.forking.acquire(False):
            return
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if self.works_in_child() else 2
            finally:
                os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        self.forking.release()
        assert status == 0, f"a forked child ended with {status}"

    @staticmethod
    def works_in_child():
        signal.alarm(120)  # ends it if it hangs
        items = queue.Queue(1)
        thread = threading.Thread(target=lambda: [items.put(i) for i in range(5)])
        thread.start()
        got = [items.get() for _ in range(5)]
        thread.join()
        with ThreadPoolExecutor(2) as pool:
            return got == list(range(5)) and sum(pool.map(abs, range(-3, 0))) == 6


if __name__ == "__main__":
    storm = Storm(int(sys.argv[1]))
    storm.start(daemon=True)
    time.sleep(random.Random(storm.seed).random() / 5)
    storm.expect_no_failure()
