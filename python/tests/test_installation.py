"""install() and uninstall(): who gets which modules, before and after."""

import sys
import unittest

from programs import run


class Install(unittest.TestCase):
    def test_imports_give_our_modules(self):
        printed = run(
            source="""
            import threadwise
            threadwise.install()
            import _thread, queue, threading, concurrent.futures
            import threadwise.threading
            from concurrent import futures
            for module in (_thread, queue, threading, concurrent.futures, futures):
                print(module.__spec__.name)
            print(threading is threadwise.threading)
            """
        )
        expected = ["_thread", "queue", "threading", "concurrent.futures", "concurrent.futures"]
        self.assertEqual(printed, [*(f"threadwise.{name}" for name in expected), "True"])

    def test_modules_imported_before_see_ours(self):
        printed = run(
            source="""
            import logging, queue, threading
            from concurrent.futures import Future as Promise
            from queue import Queue
            from threading import Event, current_thread as who
            import threadwise
            threadwise.install()
            import threadwise.concurrent.futures, threadwise.queue
            print(logging.threading is threading is threadwise.threading, queue is threadwise.queue)
            print(Event is threadwise.threading.Event, who is threadwise.threading.current_thread)
            print(Queue is threadwise.queue.Queue, Promise is threadwise.concurrent.futures.Future)
            """
        )
        self.assertEqual(printed, ["True True"] * 3)

    def test_twice_is_once(self):
        printed = run(
            source="""
            import sys, threadwise
            before = len(sys.meta_path)
            threadwise.install()
            threadwise.install()
            print(len(sys.meta_path) - before)
            """
        )
        self.assertEqual(printed, ["1"])

    def test_survives_that_a_module_is_forgotten(self):
        printed = run(
            source="""
            import sys, threadwise
            threadwise.install()
            import queue
            first = queue
            del sys.modules["queue"]
            import queue
            print(queue is first, queue.__spec__ is sys.modules["threadwise.queue"].__spec__)
            """
        )
        self.assertEqual(printed, ["True True"])

    @unittest.skipIf(sys.version_info < (3, 13), "the thread that imports threading first is the main one")
    def test_first_import_in_another_thread_makes_no_main_thread_of_it(self):
        printed = run(
            source="""
            import threadwise
            threadwise.install()
            import _thread
            done = _thread.allocate_lock()
            done.acquire()
            def first():
                import threading
                done.release()
            _thread.start_new_thread(first, ())
            done.acquire()
            import threading
            print(threading.current_thread() is threading.main_thread())
            """
        )
        self.assertEqual(printed, ["True"])

    def test_threads_started_on_the_standard_module_are_joined_at_exit(self):
        printed = run(
            source="""
            import threading, time
            import threadwise
            go = threading.Event()
            def work():
                go.wait()
                print("done")
            threading.Thread(target=work).start()
            standard_go = go
            threadwise.install()
            threading.Timer(0.05, standard_go.set).start()
            """
        )
        self.assertEqual(printed, ["done"])

    def test_the_standard_library_works_on_it(self):
        printed = run(
            source="""
            import threadwise
            threadwise.install()
            import asyncio, logging.handlers, queue, sched, socketserver, subprocess, sys
            from multiprocessing.pool import ThreadPool
            async def main():
                return await asyncio.to_thread(sum, [1, 2, 3])
            print(asyncio.run(main()))
            with ThreadPool(2) as pool:
                print(pool.map(abs, [-1, -2]))
            records = queue.Queue()
            logging.getLogger().addHandler(logging.handlers.QueueHandler(records))
            logging.warning("seen")
            print(records.get(timeout=10).getMessage())
            print(subprocess.run([sys.executable, "-c", "print(4)"], capture_output=True, text=True).stdout.strip())
            """
        )
        self.assertEqual(printed, ["6", "[1, 2]", "seen", "4"])


class Uninstall(unittest.TestCase):
    def test_puts_back_what_was_there(self):
        printed = run(
            source="""
            import concurrent.futures, logging, queue, sys, threading
            from queue import Queue
            names = ("concurrent.futures", "queue", "threading", "_thread")
            before = [sys.modules[name] for name in names]
            import threadwise
            threadwise.install()
            threadwise.uninstall()
            print([sys.modules[name] for name in names] == before)
            print(logging.threading is threading is before[2], Queue is before[1].Queue)
            print(concurrent.futures is before[0])
            print(any("threadwise" in type(each).__module__ for each in sys.meta_path))
            """
        )
        self.assertEqual(printed, ["True", "True True", "True", "False"])

    def test_forgets_what_was_imported_meanwhile(self):
        printed = run(
            source="""
            import threadwise
            threadwise.install()
            import queue, threading, concurrent.futures
            ours = queue
            threadwise.uninstall()
            import concurrent.futures, queue, threading
            from concurrent import futures
            print(queue.__spec__.name, threading.__spec__.name, concurrent.futures.__spec__.name, futures.__spec__.name)
            print(ours.__spec__.name)
            """
        )
        self.assertEqual(printed, ["queue threading concurrent.futures concurrent.futures", "threadwise.queue"])

    def test_without_install_does_nothing(self):
        self.assertEqual(run(source="import sys, threadwise; threadwise.uninstall(); print('threading' in sys.modules)"), ["False"])

    def test_threads_of_ours_are_joined_at_exit(self):
        printed = run(
            source="""
            import threadwise
            threadwise.install()
            import threading
            go = threading.Event()
            threading.Thread(target=lambda: (go.wait(), print("done"))).start()
            threading.Timer(0.05, go.set).start()
            threadwise.uninstall()
            """
        )
        self.assertEqual(printed, ["done"])


class ByName(unittest.TestCase):
    def test_threads_are_joined_at_exit(self):
        printed = run(
            source="""
            from threadwise import threading
            from threadwise.concurrent.futures import ThreadPoolExecutor
            go = threading.Event()
            threading.Thread(target=lambda: (go.wait(), print("thread\\n", end=""))).start()
            ThreadPoolExecutor(1).submit(lambda: (go.wait(), print("task\\n", end="")))
            threading.Timer(0.05, go.set).start()
            """
        )
        self.assertEqual(sorted(printed), ["task", "thread"])

    def test_a_forked_child_knows_its_own_number(self):
        printed = run(
            source="""
            import os
            from threadwise import threading
            child = os.fork()
            if child == 0:
                print(threading.main_thread().native_id == os.getpid(), flush=True)
                os._exit(0)
            os.waitpid(child, 0)
            """
        )
        self.assertEqual(printed, ["True"])

    def test_pool_runs_on_threads_of_ours(self):
        printed = run(
            source="""
            from threadwise import threading
            from threadwise.concurrent.futures import ThreadPoolExecutor
            with ThreadPoolExecutor(1, "worker") as pool:
                print(pool.submit(lambda: threading.current_thread().name).result())
            """
        )
        self.assertEqual(printed, ["worker_0"])


if __name__ == "__main__":
    unittest.main()
