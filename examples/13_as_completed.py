"""as_completed() gives futures as they become done, whichever was submitted first."""

from threadwise import threading
from threadwise.concurrent.futures import ThreadPoolExecutor, as_completed

quick_is_told = threading.Event()


def slow():
    quick_is_told.wait()
    return "the slow answer"


def quick():
    return "the quick answer"


with ThreadPoolExecutor(max_workers=2) as pool:
    for future in as_completed([pool.submit(slow), pool.submit(quick)]):
        print(future.result())
        quick_is_told.set()
