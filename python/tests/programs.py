"""Runs small programs in interpreters of their own, because what the tests change is the whole process."""

import os
import subprocess
import sys
import textwrap

HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


def run(*arguments, source=None, check=True, **environment):
    """What `python ARGUMENTS...` prints, or `python ARGUMENTS... -c SOURCE`; `environment` is added to this process's."""
    command = [sys.executable, *arguments]
    if source is not None:
        command += ["-c", textwrap.dedent(source)]
    inherited = {name: value for name, value in os.environ.items() if name != "THREADWISE_INSTALL"}
    done = subprocess.run(command, capture_output=True, text=True, env={**inherited, **environment}, timeout=60)
    if check and (done.returncode != 0 or done.stderr):
        raise AssertionError(f"ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout.splitlines() if check else done
