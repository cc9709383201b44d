"""check.py TOOL: lets the tool look at target.py, and prints what it saw of the threads there, the same on any modules."""

import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

BIN = pathlib.Path(sys.executable).parent
TARGET = str(pathlib.Path(__file__).with_name("target.py"))
NAMES = {"computing", "waiting", "pool_0"}


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=120, **options).stdout


def trace(*command):
    """Runs target.py under the tool to its end, which comes at once."""
    if run(*command, TARGET, stdin=subprocess.DEVNULL).splitlines()[:1] != ["ready"]:
        sys.exit(f"{command} did not run the program")


@contextlib.contextmanager
def running():
    """The number of a process that runs target.py."""
    with subprocess.Popen([sys.executable, TARGET], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        try:
            yield str(process.pid)
        finally:
            process.stdin.close()


def py_spy(_):
    with running() as process:
        threads = json.loads(run(BIN / "py-spy", "dump", "--json", "--pid", process))
    bottoms = {each["thread_name"]: each["frames"][-1]["name"] for each in threads}
    return {name: bottoms.get(name) for name in NAMES}


def pystack(_):
    with running() as process:
        shown = run(BIN / "pystack", "remote", process)
    return [line.split(", in ")[1] for line in re.findall(r"Traceback for thread.*\n(.*)", shown)]


def memray(folder):
    trace(BIN / "memray", "run", "--quiet", "--output", folder / "allocations")
    from memray import FileReader

    seen = {each.thread_name for each in FileReader(folder / "allocations").get_allocation_records()}
    return seen & NAMES


def viztracer(folder):
    trace(BIN / "viztracer", "--quiet", "--output_file", folder / "trace.json", "--")
    events = json.loads((folder / "trace.json").read_text())["traceEvents"]
    # It asks for a thread's name when that has left, and gets that of a stand-in.
    return {re.sub(r"\d+", "N", each["args"]["name"]) for each in events if each["name"] == "thread_name"}


def debugpy(_):
    trace(sys.executable, "-Xfrozen_modules=off", "-m", "debugpy", "--listen", "127.0.0.1:0")
    from debugpy._vendored import force_pydevd  # noqa: F401  (makes the next line possible)
    from _pydev_bundle.pydev_is_thread_alive import is_thread_alive
    import threading

    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    before = is_thread_alive(thread)
    stop.set()
    thread.join()
    return before, is_thread_alive(thread)


def yappi(_):
    import threading

    import yappi

    yappi.set_context_name_callback(lambda: threading.current_thread().name)
    yappi.start()
    for name in NAMES:
        thread = threading.Thread(target=sum, args=[range(1000)], name=name)
        thread.start()
        thread.join()
    yappi.stop()
    return {each.name for each in yappi.get_thread_stats()} & NAMES


def coverage(folder):
    trace(BIN / "coverage", "run", "--concurrency=thread", f"--data-file={folder}/data")
    shown = json.loads(run(BIN / "coverage", "json", "-q", f"--data-file={folder}/data", "-o", "-", f"--include={TARGET}"))
    return [each["missing_lines"] for each in shown["files"].values()]


def main(tool):
    with tempfile.TemporaryDirectory() as folder:
        seen = globals()[tool.replace("-", "_")](pathlib.Path(folder))
    print(json.dumps(sorted(seen) if isinstance(seen, set) else seen, sort_keys=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
