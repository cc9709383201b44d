"""A pool has a few threads that run many calls. submit() gives a future, through which the call's result comes back."""

from threadwise.concurrent.futures import ThreadPoolExecutor


def square(number):
    if number < 0:
        raise ValueError("no negative numbers, please")
    return number * number


with ThreadPoolExecutor(max_workers=4) as pool:  # waits at its end for all that was submitted
    squares = [pool.submit(square, i) for i in range(1, 6)]
    for future in squares:
        print(future.result())

    try:
        pool.submit(square, -1).result()
    except ValueError as error:  # an exception arrives as itself
        print(f"the call has failed: {error}")
