"""Every examples/NAME.py prints what NAME.expected says, or NAME.expected.re line for line, or its own NAME.py.expected."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

# These show what the Python package does not have.
ONLY_IN_CPP = {
    "bank", "inspect", "lock_order", "parallel_algorithms", "pool_options", "process_pool", "process_queue",
    "processes", "recording", "shared_lock", "shared_memory"
}
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def lines_as_expected(name, printed):
    """Pairs of what each line has to match and the line."""
    examples = ROOT / "examples"
    own_patterns = examples / f"{name}.py.expected.re"
    patterns = own_patterns if own_patterns.exists() else examples / f"{name}.expected.re"
    if patterns.exists():
        expected = patterns.read_text().splitlines()
    else:
        own = examples / f"{name}.py.expected"
        text = (own if own.exists() else examples / f"{name}.expected").read_text()
        expected = [re.escape(line) for line in text.splitlines()]
    return list(zip(expected, printed, strict=True))


def run(path):
    arguments = path.with_suffix(".args")
    given = arguments.read_text().splitlines() if arguments.exists() else []
    command = [sys.executable, path, *given]
    environment = {**os.environ, "THREADWISE_INSTALL": "1"}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60)


class Examples(unittest.TestCase):
    def test_each_prints_what_is_expected(self):
        for path in sorted((ROOT / "examples").glob("*.py")):
            with self.subTest(path.name):
                done = run(path)
                self.assertEqual((done.stderr, done.returncode), ("", 0))
                for expected, line in lines_as_expected(path.stem, done.stdout.splitlines()):
                    self.assertRegex(line, f"^{expected}$")

    def test_each_program_in_cpp_has_a_twin(self):
        programs, twins = ({path.stem for path in (ROOT / "examples").glob(f"*.{kind}")} for kind in ("cpp", "py"))
        self.assertEqual(programs - ONLY_IN_CPP, twins)


if __name__ == "__main__":
    unittest.main()
