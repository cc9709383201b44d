"""Timers: what Python's own tests of them do not ask."""

import unittest

from threadwise import threading


class TimerTests(unittest.TestCase):
    def test_it_calls_the_function_with_the_arguments(self):
        seen = []
        timer = threading.Timer(0.01, lambda *args, **keywords: seen.append((args, keywords)), (1, 2), {"key": 3})
        timer.start()
        timer.join()
        self.assertEqual(seen, [((1, 2), {"key": 3})])
        self.assertTrue(timer.finished.is_set())

    def test_a_cancelled_one_ends_at_once_and_calls_nothing(self):
        seen = []
        timer = threading.Timer(3600, seen.append, [1])
        timer.start()
        timer.cancel()
        timer.join()
        self.assertEqual(seen, [])

    def test_attributes(self):
        timer = threading.Timer(interval=3600, function=int)
        self.assertEqual((timer.interval, timer.function, timer.args, timer.kwargs), (3600, int, [], {}))
        self.assertIsNot(timer.args, threading.Timer(3600, int).args)
        self.assertTrue({"interval", "function", "args", "kwargs", "finished"} <= vars(timer).keys())
        seen = []
        timer.interval, timer.function, timer.args = 0, seen.append, [7]
        timer.start()
        timer.join()
        self.assertEqual(seen, [7])

    def test_derived_classes(self):
        class Again(threading.Timer):
            def __init__(self, *args):
                super().__init__(*args)
                self.left = 3

            def run(self):
                while self.left and not self.finished.wait(self.interval):
                    self.left -= 1
                    self.function(self.left)

        seen = []
        timer = Again(0.001, seen.append)
        timer.start()
        timer.join()
        self.assertEqual(seen, [2, 1, 0])

    def test_an_exception_of_the_function_is_reported(self):
        seen = []
        own, threading.excepthook = threading.excepthook, seen.append
        self.addCleanup(setattr, threading, "excepthook", own)
        timer = threading.Timer(0, lambda: 1 / 0)
        timer.start()
        timer.join()
        self.assertEqual([(each.exc_type, each.thread) for each in seen], [(ZeroDivisionError, timer)])

    def test_errors(self):
        for arguments in ((), (1,)):
            with self.assertRaises(TypeError):
                threading.Timer(*arguments)
        timer = threading.Timer(3600, int)
        with self.assertRaisesRegex(RuntimeError, "before it is started"):
            timer.join()


if __name__ == "__main__":
    unittest.main()
