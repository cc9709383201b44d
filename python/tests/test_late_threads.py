"""Threads that ask for the interpreter's lock after its end has begun: up to Python 3.13 it unwinds them by force."""

import pathlib
import platform
import subprocess
import tempfile
import unittest

import programs

# A late thread meets pthread_exit() wherever it asks for the interpreter's lock. Here it calls that itself, at the moments
# listed below, while the interpreter lives: no race, and what must not run afterwards would run at once.
PROLOGUE = """
import ctypes, gc, logging, os, sys, time, weakref
from threadwise import install
install()
import queue, threading
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait

logging.disable()
pthread_exit = ctypes.CDLL(None).pthread_exit
reached, thread_id, go = threading.Event(), [], threading.Event()

def leave(*args, **kwargs):
    if threading.get_ident() == threading.main_thread().ident:
        os._exit(3)  # the moment is not as meant
    thread_id.append(threading.get_native_id())
    reached.set()
    pthread_exit(None)

class Leaves:
    def __del__(self):
        leave()
    def __lt__(self, other):
        leave()
    def __str__(self):
        leave()
    __eq__ = __repr__ = __enter__ = __call__ = __iter__ = __index__ = __bool__ = acquire = __str__
    __hash__ = None
    def release(self):
        pass

def fail(*args):
    raise ValueError

def daemon(target, *args):
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread
"""

EPILOGUE = """
reached.wait()
quiet = 0
while quiet < 5:  # it sleeps for good, or is gone
    time.sleep(0.001)
    try:
        with open(f"/proc/self/task/{thread_id[0]}/stat") as file:
            quiet = quiet + 1 if file.read().rpartition(")")[2].split()[0] == "S" else 0
    except OSError:
        break
for _ in range(3):
    gc.collect()
print("alive", flush=True)
os._exit(0)
"""

MOMENTS = {
    "target": "daemon(leave)",
    "run": """
        class Thread(threading.Thread):
            run = leave
        Thread(daemon=True).start()""",
    "bootstrap": """
        class Thread(threading.Thread):
            def _bootstrap_inner(self):
                self._started.set()
                leave()
        Thread(daemon=True).start()""",
    "excepthook": "threading.excepthook = leave; daemon(fail)",
    "excepthook's error": """
        sys.excepthook = leave
        threading.excepthook = fail
        daemon(fail)""",
    "unraisable hook": """
        import _thread
        sys.unraisablehook = leave
        _thread.start_new_thread(fail, ())""",
    "trace": "threading.settrace(leave); daemon(lambda: None)",
    "profile": "threading.setprofile(leave); daemon(lambda: None)",
    "name": "daemon(lambda: threading.Thread(name=Leaves()))",
    "daemon": "daemon(lambda: threading.Thread(daemon=Leaves()))",
    "Thread's args": "threading.Thread(target=list, args=Leaves(), daemon=True).start()",
    "argument that dies": "daemon(lambda _: go.wait(), Leaves()); go.set()",
    "Timer": "timer = threading.Timer(0, leave); timer.daemon = True; timer.start()",
    "Timer's wait": """
        timer = threading.Timer(0, list)
        timer.daemon, timer.interval = True, Leaves()
        timer.start()""",
    "call": "pool = ThreadPoolExecutor(1); pool.submit(leave)",
    "initializer": "pool = ThreadPoolExecutor(1, initializer=leave); pool.submit(list)",
    "call's argument that dies": "pool = ThreadPoolExecutor(1); pool.submit(lambda _: go.wait(), Leaves()); go.set()",
    "call's result that dies": "pool = ThreadPoolExecutor(1); pool.submit(lambda: go.wait() and Leaves()); go.set()",
    "call's exception that dies": """
        class Error(Exception, Leaves):
            __hash__ = Exception.__hash__
        def raise_it():
            go.wait()
            raise Error
        pool = ThreadPoolExecutor(1); pool.submit(raise_it); go.set()""",
    "done callback": "pool = ThreadPoolExecutor(1); pool.submit(go.wait).add_done_callback(leave); go.set()",
    "done callback at once": """
        future = Future(); future.set_result(None)
        daemon(future.add_done_callback, leave)""",
    "done callback of set_result": """
        future = Future(); future.add_done_callback(leave)
        daemon(future.set_result, None)""",
    "done callback of set_exception": """
        future = Future(); future.add_done_callback(leave)
        daemon(future.set_exception, ValueError())""",
    "done callback of cancel": """
        future = Future(); future.add_done_callback(leave)
        daemon(future.cancel)""",
    "logging of a callback's error": """
        logging.disable(logging.NOTSET)
        logging.getLogger("concurrent.futures").addFilter(leave)
        future = Future(); future.add_done_callback(fail)
        daemon(future.set_result, None)""",
    "future's condition": """
        future = Future(); future._condition.acquire = None
        future.__class__ = Future
        future._condition = Leaves()
        daemon(future.set_result, None)""",
    "other future in a pool": """
        class Other(Future):
            set_running_or_notify_cancel = leave
        from concurrent.futures import thread
        daemon(thread._WorkItem(Other(), list, (), {}).run)""",
    "other queue in a pool": """
        class Queue(queue.SimpleQueue):
            get = leave
        pool = ThreadPoolExecutor(1); pool._work_queue = Queue(); pool.submit(list)""",
    "weak reference to a pool": """
        from concurrent.futures import thread
        class Context:
            initialize = fail
        items = queue.SimpleQueue()
        arguments = (Context(), items) if sys.version_info >= (3, 14) else (items, fail, ())
        daemon(thread._worker, leave, *arguments)""",
    "waiters": """
        future = Future()
        class Waiter:
            add_result = leave
        future._waiters.append(Waiter())
        daemon(future.set_result, None)""",
    "wait()": "daemon(lambda: wait(Leaves()))",
    "as_completed()": "daemon(lambda: list(as_completed(Leaves())))",
    "map": "daemon(lambda: ThreadPoolExecutor(1).map(list, Leaves()))",
    "timeout of result": "daemon(lambda: Future().result(Leaves()))",
    "Barrier's action": "daemon(threading.Barrier(1, leave).wait)",
    "wait_for": """
        def wait_for():
            condition = threading.Condition()
            with condition:
                condition.wait_for(leave)
        daemon(wait_for)""",
    "Condition's lock": "daemon(threading.Condition(Leaves()).acquire)",
    "Condition's lock entered": "daemon(threading.Condition(Leaves()).__enter__)",
    "Semaphore's value": "daemon(threading.Semaphore, Leaves())",
    "local's initializer": """
        main = threading.get_ident()
        class Local(threading.local):
            def __init__(self):
                threading.get_ident() == main or leave()
        local = Local()
        daemon(lambda: local.x)""",
    "local's value at the end": """
        local = threading.local()
        daemon(lambda: setattr(local, "x", Leaves()))""",
    "local's value replaced": """
        local = threading.local()
        def replace():
            local.x = Leaves()
            local.x = None
        daemon(replace)""",
    "priority": """
        ordered = queue.PriorityQueue(); ordered.put(Leaves())
        daemon(ordered.put, Leaves())""",
    "item that dies": """
        items = queue.Queue()
        items.put(Leaves())
        daemon(items.get)""",
    "items that die with the queue": """
        def use():
            items = queue.SimpleQueue()
            items.put(Leaves())
            items.put(1)
        daemon(use)""",
    "items that die at shutdown": """
        items = queue.Queue(); items.put(Leaves()); items.put(1)
        daemon(lambda: items.shutdown(immediate=True))""",
    "queue's parts": """
        class Queue(queue.Queue):
            _put = leave
        daemon(Queue().put, 1)""",
    "queue's size": "daemon(lambda: queue.Queue(Leaves()).full())",
    "shared iterator": "daemon(lambda: threading.serialize_iterator(Leaves()))",
    "weak reference's callback": """
        def use():
            lock = threading.Lock()
            kept.append(weakref.ref(lock, leave))
        kept = []
        daemon(use)""",
}


@unittest.skipUnless(platform.libc_ver()[0] == "glibc", "only glibc unwinds")
class ForcedUnwindTests(unittest.TestCase):
    def test_no_frame_of_ours_is_unwound(self):
        for moment, source in MOMENTS.items():
            with self.subTest(moment):
                lines = [line[8:] if line.startswith(" " * 8) else line for line in source.strip("\n").splitlines()]
                done = programs.run(source=PROLOGUE + "\n".join(lines) + EPILOGUE, check=False)
                self.assertEqual((done.returncode, done.stdout), (0, "alive\n"), done.stderr)


class HeaderTests(unittest.TestCase):
    """The frames of other extension modules are theirs: there each call is guarded."""

    CHECK = pathlib.Path(__file__).parents[2] / "scripts" / "check-guarded"

    def complaints(self, *lines):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "header.hpp").write_text("\n".join(lines) + "\n")
            done = subprocess.run([self.CHECK, folder], capture_output=True, text=True)
        self.assertEqual((done.returncode != 0, done.stderr), (bool(done.stdout), ""))
        return len(done.stdout.splitlines())

    def test_an_unguarded_call_is_found(self):
        self.assertEqual(self.complaints("return guarded<PyObject_Str>(object);", "/// PyObject_Str() may raise", "Py_INCREF(x);"), 0)
        self.assertEqual(self.complaints("return PyObject_Str(object);", "if (!x) Py_DECREF(Py_NewRef(y));"), 2)

    def test_the_headers_are_guarded(self):
        subprocess.run([self.CHECK], check=True)
