"""What multiprocessing builds on the modules that threadwise replaces."""

import unittest

from programs import run


class Multiprocessing(unittest.TestCase):
    def test_barrier_that_keeps_its_own_state(self):
        printed = run(
            source="""
            import threadwise
            threadwise.install()
            import multiprocessing, threading
            context = multiprocessing.get_context("fork")

            def come(barrier, numbers):
                for _ in range(3):
                    numbers.put(barrier.wait())

            barrier, numbers = context.Barrier(3), context.SimpleQueue()
            processes = [context.Process(target=come, args=(barrier, numbers)) for _ in range(3)]
            for each in processes: each.start()
            print(sorted(numbers.get() for _ in range(9)))
            for each in processes: each.join()
            print(barrier.parties, barrier.n_waiting, barrier.broken)
            barrier.abort()
            try: barrier.wait()
            except threading.BrokenBarrierError: print("broken", barrier.broken)
            barrier.reset()
            try: barrier.wait(0.01)
            except threading.BrokenBarrierError: print("broken", "broken" in repr(barrier))
            """
        )
        self.assertEqual(printed, ["[0, 0, 0, 1, 1, 1, 2, 2, 2]", "3 0 False", "broken True", "broken True"])


if __name__ == "__main__":
    unittest.main()
