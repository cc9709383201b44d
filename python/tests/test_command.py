"""`python -m threadwise`: programs and their children run on threadwise, and otherwise as they always do."""

import os
import pathlib
import tempfile
import unittest

from programs import run

WHAT_SERVES = "import queue, sys, threading; print(threading.__spec__.name, queue.__spec__.name, *sys.argv[1:])"
OURS = "threadwise.threading threadwise.queue"


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, source):
        path = self.folder / name
        path.write_text(source)
        return str(path)

    def test_command(self):
        self.assertEqual(run("-m", "threadwise", "-c", WHAT_SERVES, "-a", "b"), [f"{OURS} -a b"])

    def test_script(self):
        script = self.write("script.py", f"{WHAT_SERVES}\nprint(__name__, __file__ == sys.argv[0], sys.path[0])")
        printed = run("-m", "threadwise", script, "a")
        self.assertEqual(printed, [f"{OURS} a", f"__main__ True {os.path.realpath(self.folder)}"])

    def test_module(self):
        self.write("some_module.py", f"{WHAT_SERVES}\nprint(__name__, __spec__.name)")
        printed = run("-m", "threadwise", "-m", "some_module", "a", PYTHONPATH=str(self.folder))
        self.assertEqual(printed, [f"{OURS} a", "__main__ some_module"])

    def test_interpreter_options_stay(self):
        show = "import sys; print(sys.flags.isolated, sys.flags.dev_mode, sys.flags.optimize)"
        self.assertEqual(run("-X", "dev", "-OO", "-Im", "threadwise", "-c", show), ["1 True 2"])
        self.assertEqual(run("-mthreadwise", "-c", show), ["0 False 0"])

    def test_exit_code_and_traceback_are_the_program_s(self):
        done = run("-m", "threadwise", "-c", "import sys; sys.exit(7)", check=False)
        self.assertEqual((done.returncode, done.stderr), (7, ""))
        done = run("-m", "threadwise", self.write("bad.py", "1 / 0"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("threadwise", done.stderr)

    def test_children_run_on_it(self):
        for flags in ([], ["-I"], ["-E"]):
            with self.subTest(flags):
                source = f"import subprocess, sys; subprocess.run([sys.executable, *{flags!r}, '-c', {WHAT_SERVES!r}])"
                self.assertEqual(run("-m", "threadwise", source=source), [OURS])

    def test_spawned_processes_run_on_it(self):
        script = self.write(
            "spawns.py",
            """
import multiprocessing, threading

def serving(_):
    return threading.__spec__.name

if __name__ == "__main__":
    for method in ("spawn", "forkserver", "fork"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(serving, [0]))
""",
        )
        self.assertEqual(run("-m", "threadwise", script), ["['threadwise.threading']"] * 3)

    def test_other_interpreters_are_left_alone(self):
        self.assertEqual(run("-c", WHAT_SERVES), ["threading queue"])

    def test_help(self):
        self.assertIn("usage: python", "\n".join(run("-m", "threadwise", "--help")))

    def test_says_when_children_could_not_run_on_it(self):
        site_packages = pathlib.Path(__import__("threadwise").__file__).parent.parent
        done = run("-S", "-m", "threadwise", "-c", "1", check=False, PYTHONPATH=str(site_packages))
        self.assertEqual(done.returncode, 1)
        self.assertIn("without -S", done.stderr)


if __name__ == "__main__":
    unittest.main()
