"""Threads that work in steps meet at a barrier: nobody begins step two before all have done step one."""

from threadwise import threading

WORKERS = 4

counts = [0] * WORKERS
shares = [0.0] * WORKERS
total = 0


def add_up():
    """One of the threads calls this each time that all have come, before any goes on."""
    global total
    total = sum(counts)


everybody = threading.Barrier(WORKERS, action=add_up)


def work(i):
    counts[i] = (i + 1) * 10  # step one
    everybody.wait()
    shares[i] = 100.0 * counts[i] / total  # step two needs what all did in step one


threads = [threading.Thread(target=work, args=(i,)) for i in range(WORKERS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

for i in range(WORKERS):
    print(f"worker {i}: {counts[i]} of {total}, {shares[i]:g} %")
