"""The plugin for pytest: a test that deadlocks fails, and names the threads. Run by python/tests/run, which brings pytest."""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

PYTEST = os.environ.get("THREADWISE_PYTEST")

TESTS = """
    import threading


    def take_both(first, second, met):
        with first:
            met.wait()
            with second:
                pass


    def run_two(lock):
        a, b, met = lock(), lock(), threading.Barrier(2)
        threads = [
            threading.Thread(target=take_both, args=(a, b, met), name="ada"),
            threading.Thread(target=take_both, args=(b, a, met), name="bob"),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


    def test_certain():
        run_two(threading.RLock)


    def test_suspected():
        run_two(threading.Lock)


    def test_main_thread():
        lock = threading.Lock()
        with lock:
            lock.acquire()


    def test_signal():  # a suspected deadlock that ends: a Lock that another thread releases
        lock = threading.Lock()
        lock.acquire()
        threading.Timer(0.6, lock.release).start()
        lock.acquire()


    def test_good():
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
"""


@unittest.skipUnless(PYTEST, "python/tests/run brings pytest")
class PluginTests(unittest.TestCase):
    def run_pytest(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "test_hangs.py").write_text(textwrap.dedent(TESTS))
            command = [sys.executable, "-m", "pytest", "-p", "threadwise.pytest_plugin", "-p", "no:cacheprovider"]
            environment = {**os.environ, "PYTHONPATH": PYTEST}
            return subprocess.run(
                [*command, *options, "test_hangs.py"],
                capture_output=True,
                text=True,
                cwd=folder,
                env=environment,
                timeout=60,
            )

    def test_deadlocked_tests_fail_and_name_the_threads(self):
        done = self.run_pytest("-o", "deadlock_grace=0.1", "--deselect=test_hangs.py::test_signal", "-rA")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for name in ("certain", "suspected", "main_thread"):
            self.assertIn(f"FAILED test_hangs.py::test_{name}", done.stdout)
        self.assertIn("PASSED test_hangs.py::test_good", done.stdout)
        self.assertIn("threadwise: deadlock: 2 threads wait for each other, and nothing but a signal can", done.stdout)
        self.assertRegex(done.stdout, r'"ada" \(native id \d+\) holds RLock 0x[0-9a-f]+, and waits for RLock')
        self.assertRegex(done.stdout, r'test_hangs.py", line \d+, in take_both')

    def test_suspected_deadlock_may_end(self):
        done = self.run_pytest("-o", "deadlock_grace=60", "-k", "signal")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_bad_setting_is_refused(self):
        done = self.run_pytest("-o", "deadlock_grace=soon")
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("deadlock_grace is a number of seconds, and not 'soon'", done.stderr)


if __name__ == "__main__":
    unittest.main()
