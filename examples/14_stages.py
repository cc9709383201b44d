"""A bounded queue between two stages: the faster one waits for the slower one, instead of filling the memory."""

from threadwise import queue, threading

numbers = queue.Queue(8)  # at most 8 wait between the stages
squares = queue.Queue(8)
most_waiting = 0


def items(source):
    """What comes out of a queue until it is shut down and empty."""
    try:
        while True:
            yield source.get()
    except queue.ShutDown:
        return


def count():
    for i in range(1, 1001):
        numbers.put(i)
    numbers.shutdown()  # no more will come


def square():
    for number in items(numbers):
        squares.put(number * number)
    squares.shutdown()


stages = [threading.Thread(target=count, name="count"), threading.Thread(target=square, name="square")]
for stage in stages:
    stage.start()

total = 0
for number in items(squares):
    total += number
    most_waiting = max(most_waiting, numbers.qsize())
for stage in stages:
    stage.join()
print(f"the sum of 1000 squares is {total}")
print(f"never more than 8 waited: {str(most_waiting <= 8).lower()}")
