"""What Python's own tests of threads do not ask, or not often enough: exits, forks, interpreters, starters, foreign locks."""

import os
import signal
import sys
import unittest

from threadwise import _thread, threading

import programs


def in_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    return thread


class ThreadTests(unittest.TestCase):
    def test_all_is_known_once_it_is_started(self):
        thread = in_thread(threading.Event().wait, 0)
        self.assertIsInstance(thread.ident, int)
        self.assertIsInstance(thread.native_id, int)
        thread.join()
        self.assertFalse(thread.is_alive())
        self.assertNotIn(thread, threading.enumerate())

    def test_many_threads_come_and_go(self):
        before = _thread._count()
        seen = []
        for _ in range(20):
            threads = [in_thread(seen.append, i) for i in range(20)]
            for thread in threads:
                thread.join()
        self.assertEqual(len(seen), 400)
        self.assertEqual(threading.active_count(), len(threading.enumerate()))
        self.assertEqual(_thread._count(), before)

    def test_a_program_may_start_threads_in_its_own_way(self):
        name = "_start_joinable_thread" if sys.version_info >= (3, 13) else "_start_new_thread"
        own = getattr(threading, name)
        started = []

        def start(function, *args, **keywords):
            started.append(function)
            return own(function, *args, **keywords)

        setattr(threading, name, start)
        self.addCleanup(setattr, threading, name, own)
        thread = in_thread(int)
        thread.join()
        self.assertFalse(thread.is_alive())
        self.assertEqual(started, [thread._bootstrap])

    def test_a_program_may_hear_of_threads_that_end(self):
        ended = []
        own = threading.get_ident

        def get_ident():
            ended.append(own())
            return own()

        threading.get_ident = get_ident
        try:
            thread = in_thread(int)
            thread.join()
        finally:
            threading.get_ident = own
        self.assertIn(thread.ident, ended)

    def test_a_context_is_entered(self):
        import contextvars

        variable, seen = contextvars.ContextVar("variable"), []
        context = contextvars.copy_context()
        context.run(variable.set, 7)
        thread = threading.Thread(target=lambda: seen.append(variable.get()), context=context)
        thread.start()
        thread.join()
        self.assertEqual(seen, [7])

    def test_a_class_that_forgets_to_initialise_is_told(self):
        class Forgetful(threading.Thread):
            def __init__(self):
                pass

        thread = Forgetful()
        for use in (thread.start, thread.join):
            self.assertRaises(RuntimeError, use)
        for look in (thread.is_alive, lambda: thread.name, lambda: thread.daemon, lambda: thread.ident):
            self.assertRaises(AssertionError, look)


class ConditionTests(unittest.TestCase):
    def test_a_foreign_lock_will_do(self):
        class Plain:
            """A lock with nothing but what is needed."""

            def __init__(self):
                self.lock = threading.Lock()
                self.acquire, self.release = self.lock.acquire, self.lock.release

            def __enter__(self):
                return self.acquire()

            def __exit__(self, *_):
                self.release()

        condition, turns = threading.Condition(Plain()), []

        def answer():
            with condition:
                turns.append("answer")
                condition.notify()

        with condition:
            thread = in_thread(answer)
            self.assertTrue(condition.wait_for(lambda: turns))
        thread.join()
        self.assertRaises(RuntimeError, condition.notify)
        self.assertRaises(RuntimeError, condition.wait)

    def test_a_wait_takes_the_lock_back_that_it_gave_up(self):
        condition, taken_back = threading.Condition(), []
        first, second = condition._lock, threading.Lock()

        def wait():
            with first:
                condition.wait()
                taken_back.append(first._is_owned())

        waiting = in_thread(wait)
        while not condition._waiters:
            pass
        condition._lock = second
        with condition:
            self.assertTrue(second.locked())
            condition.notify()
        waiting.join()
        self.assertEqual((taken_back, first.locked(), second.locked()), ([True], False, False))

    def test_the_lock_is_replaced_while_others_use_it(self):
        condition, over = threading.Condition(), threading.Event()

        def use():
            while not over.is_set():
                try:
                    if condition.acquire(False):
                        condition.notify()
                        condition.release()
                except (RuntimeError, ValueError):
                    pass  # it has another lock by now

        threads = [in_thread(use) for _ in range(3)]
        for i in range(500):
            condition._lock = (threading.Lock, threading.RLock, threading.BoundedSemaphore)[i % 3]()
        over.set()
        for thread in threads:
            thread.join()
        condition._lock = last = threading.Lock()
        with condition:
            self.assertTrue(last.locked())
        self.assertFalse(last.locked())

    def test_a_lock_that_is_taken_back_sees_what_ended_the_wait(self):
        class Interrupt(Exception):
            pass

        def interrupt(*_):
            raise Interrupt

        class Watching:
            def __init__(self):
                lock = threading.Lock()
                self.release, self.own = lock.release, lock.acquire
                self.seen = []

            def acquire(self, *args):
                self.seen.append(sys.exc_info()[0])
                return self.own(*args)

        def end_wait():
            while not condition._waiters:
                pass
            os.kill(os.getpid(), signal.SIGUSR1)

        condition = threading.Condition(Watching())
        self.addCleanup(signal.signal, signal.SIGUSR1, signal.signal(signal.SIGUSR1, interrupt))
        condition.acquire()
        ender = in_thread(end_wait)
        self.assertRaises(Interrupt, condition.wait, 60)
        condition.release()
        ender.join()
        self.assertIs(condition._lock.seen[-1], Interrupt)

    def test_a_notification_is_never_lost(self):
        condition, tokens, taken = threading.Condition(threading.Lock()), [], []

        def take():
            with condition:
                while not condition.wait_for(lambda: tokens, 0.0001):
                    pass
                taken.append(tokens.pop())

        threads = [in_thread(take) for _ in range(20)]
        for i in range(20):
            with condition:
                tokens.append(i)
                condition.notify()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(taken), list(range(20)))


class EndTests(unittest.TestCase):
    def test_the_interpreter_ends_while_daemons_use_everything(self):
        for _ in range(10):
            lines = programs.run(
                source="""
                from threadwise import threading

                lock, rlock, event, permits = threading.Lock(), threading.RLock(), threading.Event(), threading.Semaphore()
                condition, started = threading.Condition(), threading.Semaphore(0)

                def work():
                    started.release()
                    while True:
                        with lock, rlock, permits, condition:
                            event.set()
                            event.clear()
                            condition.wait(0.0001)

                def wait():
                    started.release()
                    threading.Event().wait()

                for target in (work, work, work, wait, wait):
                    threading.Thread(target=target, daemon=True).start()
                for _ in range(5):
                    started.acquire()
                print("end")
                """
            )
            self.assertEqual(lines, ["end"])

    def test_threads_that_are_no_daemons_are_waited_for(self):
        lines = programs.run(
            source="""
            from threadwise import install
            install()
            import threading

            told = threading.Event()

            def last():
                told.wait()
                print("last")

            def first():
                threading.Thread(target=last).start()
                print("first")
                told.set()

            threading.Thread(target=first).start()
            """
        )
        self.assertEqual(lines, ["first", "last"])

    @unittest.skipUnless(hasattr(os, "fork"), "no fork")
    def test_a_forked_child_has_working_locks_and_one_thread(self):
        lines = programs.run(
            "-W",
            "ignore::DeprecationWarning",
            source="""
            import os
            import pathlib
            from threadwise import install
            install()
            import threading

            end, event, condition = threading.Event(), threading.Event(), threading.Condition()
            threads = [threading.Thread(target=end.wait) for _ in range(3)] + [threading.Thread(target=event.wait)]
            for thread in threads:
                thread.start()
            # gcc's address sanitizer leaves its allocator locked in a child that is forked while a thread still starts.
            for thread in threads:
                state = pathlib.Path(f"/proc/self/task/{thread.native_id}/stat")
                while state.read_text().rpartition(")")[2].split()[0] != "S":
                    pass
            child = os.fork()
            if child == 0:
                assert threading.enumerate() == [threading.current_thread()] == [threading.main_thread()]
                assert not any(thread.is_alive() for thread in threads)
                event._at_fork_reinit()
                with condition:
                    other = threading.Thread(target=lambda: (event.set(), condition.acquire(), condition.notify(), condition.release()))
                    other.start()
                    assert condition.wait(30) and event.wait(30)
                other.join()
                os._exit(7)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            end.set()
            event.set()
            """,
        )
        self.assertEqual(lines, ["7"])

    @unittest.skipUnless(hasattr(os, "fork") and programs.HAS_GIL, "needs fork, and a thread that keeps the others from running")
    def test_a_forked_child_has_queues_whose_sleepers_are_woken(self):
        lines = programs.run(
            "-W",
            "ignore::DeprecationWarning",
            source="""
            import os
            import pathlib
            import sys
            from threadwise import install
            install()
            import queue
            import threading
            import time

            def sleeping_getter(numbers):
                "A thread that is asleep in get(): who holds the interpreter keeps it until it waits."
                told = []

                def get():
                    told.append(threading.get_native_id())
                    result.append(numbers.get())

                result = []
                thread = threading.Thread(target=get, daemon=True)
                thread.start()
                while not told or state_of(told[0]) != "S":
                    time.sleep(0.001)
                return thread, result

            def state_of(native_id):
                return pathlib.Path(f"/proc/self/task/{native_id}/stat").read_text().rpartition(")")[2].split()[0]

            sys.setswitchinterval(1000)
            for make in (queue.Queue, queue.SimpleQueue, queue.LifoQueue, queue.PriorityQueue):
                numbers = make()
                sleeping_getter(numbers)
                numbers.put(1)  # the sleeper is on its way, but for the interpreter
                child = os.fork()
                if child == 0:
                    assert numbers.get() == 1
                    for i in range(2):
                        thread, result = sleeping_getter(numbers)
                        numbers.put(i)
                        thread.join(30)
                        assert result == [i], result
                    os._exit(7)
                print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """,
        )
        self.assertEqual(lines, ["7"] * 4)

    def test_another_interpreter_has_its_own(self):
        lines = programs.run(
            "-W",
            "ignore",
            source="""
            try:
                import _interpreters as interpreters
            except ImportError:
                import _xxsubinterpreters as interpreters
            code = '''
            from threadwise import threading
            done = []
            thread = threading.Thread(target=done.append, args=[1])
            thread.start()
            thread.join()
            with threading.Condition() as held:
                print(done, held, flush=True)
            '''
            import textwrap
            from threadwise import threading
            for _ in range(3):
                interpreter = interpreters.create()
                interpreters.run_string(interpreter, textwrap.dedent(code))
                interpreters.destroy(interpreter)
            thread = threading.Thread(target=print, args=["here"])
            thread.start()
            thread.join()
            """,
        )
        self.assertEqual(lines, ["[1] True"] * 3 + ["here"])


if __name__ == "__main__":
    unittest.main()
