"""One CPython process for benchmarks/interpreter_lock.cpp: FD COMPUTING.

Serves the socket FD in one thread while COMPUTING others count. A byte "p" is answered by itself; "c" by how far they
have counted together, and when: two 64-bit numbers."""

import socket
import struct
import sys
import threading
import time

connection = socket.socket(fileno=int(sys.argv[1]))
counts = [0] * int(sys.argv[2])
over = False


def compute(me):
    count = 0
    while not over:
        count += 1
        counts[me] = count


def serve():
    global over
    while request := connection.recv(1):
        connection.sendall(request if request == b"p" else struct.pack("=QQ", sum(counts), time.monotonic_ns()))
    over = True


threads = [threading.Thread(target=compute, args=(me,)) for me in range(len(counts))] + [threading.Thread(target=serve)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
