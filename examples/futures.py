"""A pool, in Python's words: submit, map, as_completed."""

from threadwise.concurrent.futures import ThreadPoolExecutor, as_completed


def fail():
    raise RuntimeError("it failed")


with ThreadPoolExecutor(max_workers=4, thread_name_prefix="example") as pool:
    print("submit:", pool.submit(lambda a, b: a * b, 6, 7).result())
    print("map:", *pool.map(lambda n: str(n * n), [1, 2, 3, 4, 5]))

    futures = [pool.submit(lambda i=i: i) for i in range(1, 101)]
    print("as_completed:", sum(done.result() for done in as_completed(futures)))

    try:
        pool.submit(fail).result()
    except RuntimeError as error:
        print(f"exceptions arrive as themselves: {error}")
