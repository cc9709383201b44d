"""The program that the tools look at: three threads with names, of which two run nothing but C, until its input ends."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

stop, begun = threading.Event(), threading.Event()


def compute():
    begun.set()
    while not stop.is_set():
        bytearray(1_000_000)
        sum(range(1000))


threads = [threading.Thread(target=compute, name="computing"), threading.Thread(target=stop.wait, name="waiting")]
with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool:
    pool.submit(stop.wait)
    for thread in threads:
        thread.start()
    begun.wait()
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
