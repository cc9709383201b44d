"""join() waits until a thread has ended."""

from threadwise import threading

go = threading.Event()
total = 0


def add_up():
    global total
    go.wait()
    total = sum(range(1, 1001))


thread = threading.Thread(target=add_up)
thread.start()

# With a timeout, join() returns when that has passed; is_alive() says which of the two it was.
thread.join(0.01)
if thread.is_alive():
    print("It is still at work.")

go.set()
thread.join()
print(f"Alive: {str(thread.is_alive()).lower()}, the sum is {total}.")
