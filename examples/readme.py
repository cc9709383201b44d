"""The README's program in Python: every file a thread, all at once."""

import sys

from threadwise import threading

output = threading.Lock()


def count_lines(path):
    with open(path, "rb") as file:
        lines = sum(1 for _ in file)
    with output:
        print(lines, path)


threads = [threading.Thread(target=count_lines, args=(path,)) for path in sys.argv[1:]]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
