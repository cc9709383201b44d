"""A daemon thread works in the background for as long as the program runs, and ends with it."""

import time

from threadwise import threading

first_round_done = threading.Event()


def watch():
    while True:
        first_round_done.set()
        time.sleep(0.001)


watcher = threading.Thread(target=watch, name="watcher", daemon=True)
watcher.start()
first_round_done.wait()
print("The daemon works; the program ends without waiting for it.")
