"""Deadlocks are named while they happen, by Python's threads and lines."""

import json
import pathlib
import subprocess
import sys
import time
import unittest

from programs import run

# Two threads that take two locks in different orders. Each program ends when it has said what it has seen.
TWO_THREADS = """
import os, sys
from threadwise import inspect, threading

def take_both(first, second, met):
    with first:
        met.wait()
        with second:  # here
            pass

def start(make_lock, **others):
    a, b, met = make_lock(), make_lock(), threading.Barrier(2)
    threads = [
        threading.Thread(target=take_both, args=(a, b, met), name="ada"),
        threading.Thread(target=take_both, args=(b, a, met), name="bob"),
    ]
    for thread in threads:
        thread.start()
    return threads
"""


# Built beside the tests of the library.
COMMAND = pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "apps" / "threadwise"


def dump(pid):
    """The threads by name, as another process sees them."""
    done = subprocess.run([COMMAND, "dump", "--json", str(pid)], capture_output=True, text=True, timeout=60)
    if "a version of threadwise" in done.stderr:
        raise unittest.SkipTest(f"{COMMAND} is not of this version")
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return {thread["name"]: thread for thread in json.loads(done.stdout)["threads"]}


@unittest.skipUnless(COMMAND.exists(), "the command has not been built")
class DumpTests(unittest.TestCase):
    """What `threadwise dump PID` says of a Python program."""

    def start(self, source):
        program = subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(program.communicate)
        self.addCleanup(program.kill)
        self.assertEqual(program.stdout.readline(), "ready\n")
        return program

    def dump_once(self, program, is_so):
        deadline = time.monotonic() + 30
        while not is_so(threads := dump(program.pid)):
            self.assertLess(time.monotonic(), deadline, threads)
        return threads

    def test_threads_have_python_s_names_and_places(self):
        program = self.start(
            TWO_THREADS
            + """
threads = start(threading.RLock)
threads[1].name = "böb"
print("ready", flush=True)
sys.stdin.read()
"""
        )
        threads = self.dump_once(
            program,
            lambda threads: {"MainThread", "ada", "böb"} <= threads.keys()
            and all("where" in threads[name].get("wait", ()) for name in ("ada", "böb")),
        )
        for name in ("ada", "böb"):
            where = threads[name]["wait"]["where"]
            self.assertEqual(where, {"file": "<string>", "line": 8, "function": "take_both"})
            self.assertFalse(threads[name]["daemon"])
        self.assertFalse(threads["MainThread"]["daemon"])

    def test_places_are_of_the_program(self):
        program = self.start(
            """
import sys
from threadwise import queue, threading

def take(items):
    return items.get()  # line 6

def await_it(condition):
    with condition:
        condition.wait()  # line 10

threading.current_thread().name = "first"
event = threading.Event()
for name, daemon, target, argument in [
    ("getter", True, take, queue.Queue()),
    ("waiter", True, await_it, threading.Condition()),
    ("without a line", False, event.wait, None),
]:
    threading.Thread(target=target, args=(argument,), name=name, daemon=daemon).start()
print("ready", flush=True)
sys.stdin.read()
event.set()
"""
        )
        names = {"getter", "waiter", "without a line"}
        threads = self.dump_once(
            program,
            lambda threads: all(threads[name]["state"] == "waits" for name in names)
            and all("where" in threads[name]["wait"] for name in ("getter", "waiter")),
        )
        self.assertEqual(threads.keys(), names | {"first"})
        places = {name: threads[name]["wait"].get("where") for name in names}
        self.assertEqual(places["getter"], {"file": "<string>", "line": 6, "function": "take"})
        self.assertEqual(places["waiter"], {"file": "<string>", "line": 10, "function": "await_it"})
        self.assertIsNone(places["without a line"])
        self.assertEqual([threads[name]["daemon"] for name in ("getter", "without a line")], [True, False])


class DeadlockTests(unittest.TestCase):
    def test_report_names_threads_and_lines(self):
        done = run(
            source=TWO_THREADS
            + """
def hook(deadlock):
    inspect.__deadlock_hook__(deadlock)
    os._exit(7)

inspect.deadlock_hook = hook
start(threading.RLock)
""",
            check=False,
            THREADWISE_ON_DEADLOCK="report",
        )
        self.assertEqual(done.returncode, 7, done)
        first, *lines = done.stderr.splitlines()
        self.assertEqual(
            first, "threadwise: deadlock: 2 threads wait for each other, and nothing but a signal can end it"
        )
        text = "\n".join(lines)
        self.assertRegex(
            text,
            r'"ada" \(native id \d+\) holds RLock 0x[0-9a-f]+, and waits for RLock 0x[0-9a-f]+ held by "bob" for [0-9.]+ s',
        )
        self.assertRegex(text, r'"bob" \(native id \d+\) holds RLock')
        self.assertNotIn("_bootstrap", text)
        self.assertEqual(text.count('File "<string>", line 8, in take_both'), 2, text)

    def test_hook_gets_the_report_as_a_value(self):
        lines = run(
            source=TWO_THREADS
            + """
def hook(deadlock):
    print(deadlock.certain, sorted(thread.name for thread in deadlock.threads))
    for thread in deadlock.threads:
        assert thread.ident in idents and thread.native_id and thread.waited > 0.3, thread
        assert (thread.waits_for, thread.holds) == ("Lock", "Lock"), thread
        assert thread.stack[-1].name == "take_both", thread.stack
    assert deadlock.threads[0].object == deadlock.threads[1].held_object
    sys.stdout.flush()
    os._exit(0)

inspect.deadlock_hook = hook
print(inspect.on_deadlock("report"), inspect.on_deadlock("report"))
idents = [thread.ident for thread in start(threading.Lock)]
"""
        )
        self.assertEqual(lines, ["ignore report", "False ['ada', 'bob']"])

    def test_wait_that_closed_the_circle_can_fail(self):
        lines = run(
            source=TWO_THREADS
            + """
def note(failure):
    print(failure.exc_type.__name__, str(failure.exc_value).splitlines()[0])
    print("here" if "line 8, in take_both" in str(failure.exc_value) else failure.exc_value)

threading.excepthook = note
inspect.deadlock_hook = lambda deadlock: None
inspect.on_deadlock("throw")
for thread in start(threading.RLock):
    thread.join()
"""
        )
        report = "threadwise: deadlock: 2 threads wait for each other, and nothing but a signal can end it"
        self.assertEqual(lines, [f"DeadlockError {report}", "here"])

    def test_main_thread_and_join_are_part_of_it(self):
        lines = run(
            source="""
            from threadwise import inspect, threading

            lock = threading.RLock()

            def want():
                with lock:
                    pass

            thread = threading.Thread(target=want, name="ada")
            inspect.deadlock_hook = lambda deadlock: print(
                deadlock.certain, [(t.name, t.waits_for, t.holds) for t in sorted(deadlock.threads)])
            inspect.on_deadlock("throw")
            with lock:
                thread.start()
                try:
                    thread.join()
                except inspect.DeadlockError as error:
                    print("failed")
            thread.join()
            """
        )
        circle = "True [('MainThread', 'Thread.join', 'RLock'), ('ada', 'RLock', 'Thread.join')]"
        self.assertIn(lines, ([circle, "failed"], [circle]))

    def test_unmodified_program(self):
        done = run(
            "-m",
            "threadwise",
            source="""
            import os, signal, threading

            def wait_for_itself(lock):
                with lock:
                    with lock:
                        pass

            threading.Thread(target=wait_for_itself, args=(threading.Lock(),), name="ada").start()
            """,
            check=False,
            THREADWISE_ON_DEADLOCK="throw",
        )
        self.assertIn("threadwise: suspected deadlock: a thread waits for itself, unless another", done.stderr)
        self.assertIn('"ada" (native id', done.stderr)
        self.assertIn("in wait_for_itself", done.stderr)
        self.assertEqual(done.returncode, 0)

    def test_bad_action_is_refused(self):
        lines = run(
            source="""
            from threadwise import inspect
            for action in ("fail", 1, None):
                try:
                    inspect.on_deadlock(action)
                except ValueError as error:
                    print(error)
            print(inspect.on_deadlock("ignore"))
            """
        )
        takes = "on_deadlock() takes 'report', 'abort', 'throw' or 'ignore', and not "
        self.assertEqual(lines, [takes + "'fail'", takes + "1", takes + "None", "ignore"])

    def test_failing_hook_is_told(self):
        done = run(
            source=TWO_THREADS
            + """
def hook(deadlock):
    raise ValueError("a hook")

inspect.deadlock_hook = hook
inspect.on_deadlock("throw")
for thread in start(threading.RLock):
    thread.join()
""",
            check=False,
        )
        self.assertIn("ValueError: a hook", done.stderr)
        self.assertIn("DeadlockError", done.stderr)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
