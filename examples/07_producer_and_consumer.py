"""One thread makes things, another uses them; a queue lies between."""

from threadwise import queue, threading


def produce(orders):
    for order in range(1, 6):
        orders.put(order)  # waits while the queue is full
    orders.shutdown()  # no more will come


def consume(orders):
    total = 0
    try:
        while True:
            order = orders.get()  # waits while the queue is empty
            print(f"got order {order}")
            total += order
    except queue.ShutDown:
        print(f"that was all: {total}")


orders = queue.Queue(2)  # holds two at most
producer = threading.Thread(target=produce, args=(orders,))
consumer = threading.Thread(target=consume, args=(orders,))
producer.start()
consumer.start()
producer.join()
consumer.join()
