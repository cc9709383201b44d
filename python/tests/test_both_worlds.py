"""Objects made in Python, used by C++ threads; C++ functions, called by pools. Needs a C++ compiler."""

import gc
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sysconfig
import tempfile
import threading
import unittest

import threadwise
from threadwise import queue
from threadwise import threading as own_threading
from threadwise.concurrent.futures import Future, ThreadPoolExecutor

SOURCE = pathlib.Path(__file__).with_name("both_worlds.cpp")
COMPILER = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")


def build(folder):
    """Builds and imports the extension module both_worlds."""
    target = os.path.join(folder, "both_worlds" + sysconfig.get_config_var("EXT_SUFFIX"))
    headers = [threadwise.get_include(), sysconfig.get_path("include")]
    flags = ["-std=c++20", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", *(f"-I{path}" for path in headers)]
    subprocess.run([*COMPILER.split(), *flags, str(SOURCE), "-o", target], check=True)
    spec = importlib.util.spec_from_file_location("both_worlds", target)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@unittest.skipUnless(COMPILER, "needs a C++ compiler")
class BothWorldsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.native = build(cls.folder.name)

    def in_thread(self, function, *args):
        thread = threading.Thread(target=function, args=args)
        thread.start()
        self.addCleanup(thread.join)
        return thread

    def queues(self):
        opened = queue.Queue()
        opened.mutex
        return [queue.Queue(), queue.Queue(2), queue.LifoQueue(), queue.PriorityQueue(), queue.SimpleQueue(), opened]

    def test_python_to_cpp(self):
        for q in self.queues():
            with self.subTest(queue=q):
                self.in_thread(lambda: [q.put(i) for i in range(500)])
                self.assertEqual(self.native.sum(q, 500), sum(range(500)))

    def test_cpp_to_python(self):
        for q in self.queues():
            with self.subTest(queue=q):
                self.in_thread(self.native.fill, q, 500)
                self.assertEqual(sorted(q.get() for _ in range(500)), list(range(500)))

    def test_cpp_to_cpp(self):
        for q in self.queues():
            with self.subTest(queue=q):
                self.in_thread(self.native.fill, q, 500)
                self.assertEqual(self.native.sum(q, 500), sum(range(500)))

    def test_text_and_order(self):
        first, second = queue.Queue(), queue.Queue()
        words = ["a", "ü", "", "€" * 100]
        for word in words:
            first.put(word)
        self.native.relay(first, second, len(words))
        self.assertEqual([second.get() for _ in words], [word + "!" for word in words])
        self.assertEqual(second.unfinished_tasks, len(words))

    def test_items_of_cpp_are_seen_in_the_parts(self):
        q = queue.Queue()
        self.native.fill(q, 3)
        self.assertEqual(list(q.queue), [0, 1, 2])

    def test_items_of_cpp_die_with_the_queue(self):
        for kind in (queue.Queue, queue.LifoQueue, queue.SimpleQueue):
            q = kind()
            self.native.fill(q, 100)
            self.assertEqual(q.qsize(), 100)
            gc.collect()
            del q

    def test_waits_end(self):
        for q in self.queues():
            self.assertIsNone(self.native.get_within(q, 0.01))
        q = queue.Queue()
        q.shutdown()
        with self.assertRaisesRegex(RuntimeError, "ShutDown"):
            self.native.get_within(q, 30)
        with self.assertRaisesRegex(RuntimeError, "TimeoutError"):
            self.native.wait_for(Future(), 0.01)

    def test_wrong_types(self):
        q = queue.Queue()
        q.put("text")
        with self.assertRaisesRegex(RuntimeError, "TypeError"):
            self.native.get_within(q, 1)
        with self.assertRaisesRegex(RuntimeError, "not a queue of threadwise's: a 'list'"):
            self.native.get_within([], 1)

    def test_event_lock_and_future(self):
        future, event, lock = Future(), own_threading.Event(), own_threading.Lock()
        with lock:
            self.in_thread(self.native.answer, future, event, lock)
            event.set()
            self.assertFalse(future.done())
        self.assertEqual(self.native.wait_for(future, 30), 42)
        self.assertEqual(future.result(), 42)

    def test_exported_functions(self):
        self.assertEqual(self.native.add(1, 2.5), 3.5)
        with self.assertRaisesRegex(RuntimeError, r"fail\(\): it broke"):
            self.native.fail("it broke")
        with self.assertRaisesRegex(TypeError, "add\\(\\) takes 2 arguments \\(1 given\\)"):
            self.native.add(1)

    def test_pool_runs_them_at_once(self):
        with ThreadPoolExecutor(3) as pool:
            self.assertEqual([pool.submit(self.native.meet, 3).result for _ in range(3)][0](), True)
            self.assertEqual(list(pool.map(self.native.add, range(50), range(50))), [2.0 * i for i in range(50)])


if __name__ == "__main__":
    unittest.main()
