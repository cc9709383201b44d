"""Python's threading, queue and concurrent.futures over a C++ core.

The modules threadwise.threading, threadwise.queue and threadwise.concurrent.futures have the names, the classes and the
behaviour of Python's own.
"""
