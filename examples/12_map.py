"""map() calls a function with each element of an iterable, many at once, and gives the results in its order."""

from threadwise.concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor() as pool:
    for word in pool.map(str.upper, ["threads", "you", "can", "see"]):
        print(word)

    # Several iterables go side by side, until the shortest ends.
    for area in pool.map(lambda width, height: width * height, [2, 3, 5], [7, 11, 13]):
        print(area)
