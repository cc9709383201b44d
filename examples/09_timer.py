"""A timer calls a function after a while, unless it is cancelled before."""

import sys

from threadwise import threading


def announce(what):
    sys.stdout.write(f"{what}\n")


soon = threading.Timer(0.05, announce, ["50 ms have passed"])
tomorrow = threading.Timer(24 * 60 * 60, announce, ["a day has passed"])
soon.start()
tomorrow.start()

tomorrow.cancel()
tomorrow.join()
announce("tomorrow's call is taken back")
soon.join()
