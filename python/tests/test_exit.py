"""How programs end: Ctrl-C, callbacks, pools and forks while the interpreter comes to its end, and Ctrl-C in every wait."""

import os
import signal
import sys
import textwrap
import unittest

import programs

# For programs that end. main_is_in(name) waits until the main thread has called a function of that name.
PROLOGUE = """
import atexit, os, signal, sys, time
from threadwise import install
install()
import queue, threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
import concurrent.futures.thread

signal.signal(signal.SIGINT, signal.default_int_handler)
main = threading.get_ident()
say = lambda text: os.write(1, text.encode() + b"\\n")
go = threading.Event()

def main_is_in(*names):
    while True:
        frame = sys._current_frames()[main]
        while frame is not None and frame.f_code.co_name not in names:
            frame = frame.f_back
        if frame is not None:
            return
        time.sleep(0.001)

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

def daemon(target, *args):
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread

def fork(in_child):
    child = os.fork()
    if child == 0:
        return in_child()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    say(f"child ended with {code}")
    return child
"""


def run(source, *options):
    done = programs.run("-W", "ignore::DeprecationWarning", *options, source=PROLOGUE + textwrap.dedent(source), check=False)
    return done.returncode, done.stdout.splitlines()


class ShutdownTests(unittest.TestCase):
    def test_an_interrupt_ends_the_wait_for_workers(self):
        source = """
            def interrupt_exit():
                main_is_in("_python_exit")
                main_is_in("join")
                interrupt()

            pool = ThreadPoolExecutor(2)
            pool.submit(go.wait)
            pool.submit(time.sleep, 1000)
            daemon(interrupt_exit)
            """
        self.assertEqual(run(source), (0, []))

    def test_an_interrupt_ends_the_wait_for_threads(self):
        source = """
            def interrupt_exit():
                main_is_in("_shutdown")
                while threading.main_thread().is_alive():
                    time.sleep(0.001)
                interrupt()

            threading.Thread(target=go.wait).start()
            daemon(interrupt_exit)
            """
        self.assertEqual(run(source), (0, []))

    def test_callbacks_run_once(self):
        source = """
            threading._register_atexit(say, "first")
            threading._register_atexit(say, "second")
            atexit.register(say, "atexit")
            """
        self.assertEqual(run(source), (0, ["second", "first", "atexit"]))
        self.assertEqual(run(source + "threading._shutdown()"), (0, ["second", "first", "atexit"]))

    def test_callbacks_run_once_though_one_is_interrupted(self):
        source = """
            def fail():
                say("interrupted")
                interrupt()
                go.wait()

            threading._register_atexit(say, "not called: as with the standard module")
            threading._register_atexit(fail)
            threading._register_atexit(say, "before")
            atexit.register(say, "atexit")
            """
        self.assertEqual(run(source), (0, ["before", "interrupted", "atexit"]))

    def test_callbacks_run_once_in_another_interpreter(self):
        source = """
            source = "import threading; threading._register_atexit(print, 'callback', flush=True)"
            try:
                import _testcapi
            except ImportError:
                say("callback")
            else:
                import threadwise
                path = os.path.dirname(os.path.dirname(threadwise.__file__))
                begin = f"import sys; sys.path.insert(0, {path!r}); import threadwise; threadwise.install()\\n"
                _testcapi.run_in_subinterp(begin + source)
            """
        self.assertEqual(run(source), (0, ["callback"]))

    def test_without_install_workers_are_waited_for(self):
        source = """
            from threadwise.concurrent.futures import ThreadPoolExecutor
            import time
            pool = ThreadPoolExecutor(1)
            pool.submit(lambda: (time.sleep(0.1), print("done", flush=True)))
            """
        self.assertEqual(programs.run(source=source), ["done"])

    def test_a_signal_ends_the_start_of_a_worker(self):
        source = """
            class Thread(threading.Thread):
                def start(self):
                    super().start()
                    raise KeyboardInterrupt

            original, threading.Thread = threading.Thread, Thread
            pool = ThreadPoolExecutor(1)
            try:
                pool.submit(say, "call")
            except KeyboardInterrupt:
                say("interrupted")
            threading.Thread = original
            for _ in range(2):
                pool.submit(say, "another").result()
            """
        code, lines = run(source)
        self.assertEqual((code, sorted(lines)), (0, ["another", "another", "call", "interrupted"]))

    def test_a_worker_that_does_not_start_is_not_waited_for(self):
        source = """
            class Thread(threading.Thread):
                def start(self):
                    raise RuntimeError("can't start new thread")

            original, threading.Thread = threading.Thread, Thread
            pool = ThreadPoolExecutor(1)
            try:
                pool.submit(say, "call")
            except RuntimeError:
                say("refused")
            threading.Thread = original
            pool.submit(say, "another").result()
            pool.shutdown()
            """
        self.assertEqual(run(source), (0, ["refused", "call", "another"]))

    def test_pools_come_and_go_while_the_interpreter_ends(self):
        source = """
            def use():
                begun.release()
                while True:
                    try:
                        with ThreadPoolExecutor(1) as pool:
                            pool.submit(abs, 1)
                    except RuntimeError:
                        pass

            begun = threading.Semaphore(0)
            for _ in range(3):
                daemon(use)
            for _ in range(3):
                begun.acquire()
            atexit.register(say, "end")
            """
        for _ in range(10):
            self.assertEqual(run(source), (0, ["end"]))

    def test_late_workers_compute_while_the_interpreter_ends(self):
        source = """
            def compute():
                begun.release()
                while True:
                    sum(range(100))

            def interrupt_exit():
                main_is_in("_python_exit")
                interrupt()

            begun = threading.Semaphore(0)
            pool = ThreadPoolExecutor(3)
            for _ in range(3):
                pool.submit(compute)
            for _ in range(3):
                begun.acquire()
            junk = [[i] for i in range(300_000)]
            daemon(interrupt_exit)
            """
        for _ in range(3):
            self.assertEqual(run(source), (0, []))


REFUSES_FORKS_AT_ITS_END = unittest.skipIf(
    (3, 12) <= sys.version_info < (3, 13), "Python 3.12 raises RuntimeError: can't fork at interpreter shutdown"
)


@unittest.skipUnless(hasattr(os, "fork"), "no fork")
class ForkTests(unittest.TestCase):
    def test_a_call_that_forks_is_the_childs_last(self):
        source = """
            def call():
                fork(lambda: say("child"))

            with ThreadPoolExecutor(1) as pool:
                pool.submit(go.wait)
                first = pool.submit(call)
                second = pool.submit(say, "second")
                go.set()
            """
        self.assertEqual(run(source), (0, ["child", "child ended with 0", "second"]))

    def test_a_done_callback_forks(self):
        source = """
            with ThreadPoolExecutor(1) as pool:
                future = pool.submit(go.wait)
                future.add_done_callback(lambda _: fork(lambda: say("child")))
                future.add_done_callback(lambda _: say("next callback"))
                pool.submit(say, "next call")
                go.set()
            """
        lines = ["child", "next callback", "child ended with 0", "next callback", "next call"]
        self.assertEqual(run(source), (0, lines))

    def test_an_initializer_forks(self):
        source = """
            with ThreadPoolExecutor(1, initializer=fork, initargs=[lambda: say("child")]) as pool:
                pool.submit(say, "call")
            """
        self.assertEqual(run(source), (0, ["child", "child ended with 0", "call"]))

    def test_threads_timers_and_hooks_fork(self):
        for begin in (
            "threading.Thread(target=fork, args=[lambda: say('child')]).start()",
            "threading.Timer(0, fork, args=[lambda: say('child')]).start()",
            "threading.excepthook = lambda _: fork(lambda: say('child')); threading.Thread(target=print, args=1).start()",
            "from _thread import start_new_thread as start; start(lambda: (fork(lambda: say('child')), go.set()), ()); go.wait()",
            "threading.Barrier(1, lambda: fork(lambda: (say('child'), os._exit(0)))).wait()",
        ):
            with self.subTest(begin):
                self.assertEqual(run(begin), (0, ["child", "child ended with 0"]))

    def test_the_childs_exit_code_is_its_own(self):
        for leave, code in ("os._exit(7)", 7), ("sys.exit(7)", 7), ("None", 0), ("1 / 0", 1):
            source = f"""
                def main_of_child():
                    {leave}

                pool = ThreadPoolExecutor(2)
                pool.submit(go.wait)
                if fork(main_of_child):
                    go.set()
                """
            with self.subTest(leave):
                self.assertEqual(run(source), (0, [f"child ended with {code}"]))

    @REFUSES_FORKS_AT_ITS_END
    def test_a_worker_forks_while_the_interpreter_ends(self):
        source = """
            def call():
                main_is_in("_python_exit")
                fork(in_child)

            def in_child():
                with ThreadPoolExecutor(1) as pool:
                    say(pool.submit(str, "child").result())
                threading._register_atexit(say, "child's callback")
                threading._shutdown()

            threading._register_atexit(say, "callback")
            pool = ThreadPoolExecutor(1)
            pool.submit(call)
            """
        self.assertEqual(run(source), (0, ["callback", "child", "child's callback", "callback", "child ended with 0"]))

    @REFUSES_FORKS_AT_ITS_END
    def test_the_main_thread_forks_while_the_interpreter_ends(self):
        for register in "atexit.register", "threading._register_atexit":
            source = f"""
                {register}(say, "last")
                {register}(fork, lambda: say("child"))
                pool = ThreadPoolExecutor(1)
                pool.submit(say, "call").result()
                """
            with self.subTest(register):
                self.assertEqual(run(source), (0, ["call", "child", "last", "child ended with 0", "last"]))

    @REFUSES_FORKS_AT_ITS_END
    def test_processes_are_started_by_workers(self):
        source = """
            import multiprocessing

            def work():
                with ThreadPoolExecutor(2) as pool:
                    say(" ".join(pool.map(str, range(3))))
                ThreadPoolExecutor(1).submit(say, "not waited for")
                sys.exit(5)

            def start():
                process = multiprocessing.get_context("fork").Process(target=work)
                process.start()
                process.join()
                say(f"ended with {process.exitcode}")

            def start_late():
                main_is_in("_python_exit")
                start()

            pool = ThreadPoolExecutor(2)
            pool.submit(start).result()
            pool.submit(start_late)
            """
        self.assertEqual(run(source), (0, ["0 1 2", "not waited for", "ended with 5"] * 2))

    def test_a_signal_handler_forks_in_the_middle_of_a_wait(self):
        for wait_for in (
            "go.wait()",
            "queue.Queue().get()",
            "threading.Condition().wait_for(lambda: go.is_set())",
            "Future().result()",
            "wait([Future()])",
            "pool.shutdown()",
            "thread.join()",
        ):
            source = f"""
                class Done(Exception):
                    pass

                def leave():
                    sys.exit(6)

                def handle(*_):
                    fork(leave)
                    raise Done

                pool = ThreadPoolExecutor(1)
                pool.submit(go.wait)
                thread = daemon(go.wait)
                signal.signal(signal.SIGUSR1, handle)
                daemon(lambda: (main_is_in("wait_here"), os.kill(os.getpid(), signal.SIGUSR1)))

                def wait_here():
                    {wait_for.replace("threading.Condition().", "condition.")}

                condition = threading.Condition()
                condition.acquire()
                try:
                    wait_here()
                except Done:
                    go.set()
                """
            with self.subTest(wait_for):
                self.assertEqual(run(source), (0, ["child ended with 6"]))


class InterruptTests(unittest.TestCase):
    WAITS = """
        held, full, condition = threading.Lock(), queue.Queue(1), threading.Condition()
        held.acquire()
        full.put(1)
        owned = threading.RLock()
        daemon(lambda: (owned.acquire(), go.wait()))
        pool = ThreadPoolExecutor(1)
        pool.submit(go.wait)
        thread = daemon(go.wait)
        timer = threading.Timer(1000, print)
        timer.daemon = True
        timer.start()

        def in_condition(wait):
            with condition:
                wait()

        def leave_pool():
            with ThreadPoolExecutor(1) as pool:
                pool.submit(go.wait)

        def enter(lock):
            with lock:
                pass

        waits = {
            "Thread.join": thread.join,
            "Thread.join(1000)": lambda: thread.join(1000),
            "Timer.join": timer.join,
            "Lock": held.acquire,
            "Lock(1000)": lambda: held.acquire(timeout=1000),
            "with Lock": lambda: enter(held),
            "RLock": owned.acquire,
            "RLock(1000)": lambda: owned.acquire(timeout=1000),
            "with RLock": lambda: enter(owned),
            "Condition(held)": threading.Condition(held).acquire,
            "with Condition(owned)": lambda: enter(threading.Condition(owned)),
            "Condition.wait": lambda: in_condition(condition.wait),
            "Condition.wait(1000)": lambda: in_condition(lambda: condition.wait(1000)),
            "Condition.wait_for": lambda: in_condition(lambda: condition.wait_for(lambda: False)),
            "Condition(Lock).wait": lambda: in_condition(condition.wait),
            "Semaphore": threading.Semaphore(0).acquire,
            "Semaphore(1000)": lambda: threading.Semaphore(0).acquire(timeout=1000),
            "BoundedSemaphore": lambda: enter(threading.Semaphore(0)),
            "Event": go.wait,
            "Event(1000)": lambda: go.wait(1000),
            "Barrier": threading.Barrier(2).wait,
            "Barrier(1000)": lambda: threading.Barrier(2).wait(1000),
            "Queue.get": queue.Queue().get,
            "Queue.get(1000)": lambda: queue.Queue().get(timeout=1000),
            "Queue.put": lambda: full.put(1),
            "Queue.put(1000)": lambda: full.put(1, timeout=1000),
            "Queue.join": full.join,
            "LifoQueue.get": queue.LifoQueue().get,
            "PriorityQueue.get": queue.PriorityQueue().get,
            "SimpleQueue.get": queue.SimpleQueue().get,
            "SimpleQueue.get(1000)": lambda: queue.SimpleQueue().get(timeout=1000),
            "Future.result": lambda: Future().result(),
            "Future.result(1000)": lambda: Future().result(1000),
            "Future.exception": lambda: Future().exception(),
            "wait": lambda: wait([Future(), Future()]),
            "wait(1000)": lambda: wait([Future()], 1000),
            "wait(FIRST_COMPLETED)": lambda: wait([Future(), Future()], return_when="FIRST_COMPLETED"),
            "as_completed": lambda: list(as_completed([Future(), Future()])),
            "as_completed(1000)": lambda: list(as_completed([Future()], 1000)),
            "map": lambda: list(ThreadPoolExecutor(1).map(lambda _: go.wait(), [1])),
            "map(1000)": lambda: list(ThreadPoolExecutor(1).map(lambda _: go.wait(), [1], timeout=1000)),
            "shutdown": pool.shutdown,
            "with pool": leave_pool,
        }

        def wait_here(wait):
            wait()

        def send():
            main_is_in("wait_here")
            state = ""
            while state != "S":  # asleep
                with open(f"/proc/self/task/{main_id}/stat") as file:
                    state = file.read().rpartition(")")[2].split()[0]
            interrupt()

        main_id = threading.get_native_id()
        for name, wait_for in waits.items():
            try:
                sender = daemon(send)
                wait_here(wait_for)
            except KeyboardInterrupt:
                sender.join()
            else:
                say(name + " was not interrupted")
        say("end")
        go.set()
        """

    def test_ctrl_c_ends_every_wait_of_the_main_thread(self):
        self.assertEqual(run(self.WAITS), (0, ["end"]))
