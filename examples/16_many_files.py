"""Many files processed at once: each is read and counted by a task of its own."""

import pathlib

from threadwise.concurrent.futures import ThreadPoolExecutor


def count_lines(path):
    return path.read_bytes().count(b"\n")


paths = sorted(pathlib.Path("examples").glob("0*"))
with ThreadPoolExecutor() as pool:
    counts = list(pool.map(count_lines, paths))
print(f"all files counted: {str(len(counts) == len(paths) and sum(counts) > 100).lower()}")
