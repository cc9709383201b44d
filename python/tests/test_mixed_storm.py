"""A storm over everything. THREADWISE_STORM_SEED=7 replays one's choices; THREADWISE_STORM=100 makes it that much longer."""

import os
import pathlib
import random
import sys
import unittest
import warnings

import mixed_storm
import programs

LENGTH = int(os.environ.get("THREADWISE_STORM", "1"))


def seed():
    return int(os.environ.get("THREADWISE_STORM_SEED") or random.randrange(2**32))


class MixedStorm(unittest.TestCase):
    def test_nothing_is_lost(self):
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(1e-5)
        first = seed()
        for number in range(first, first + LENGTH):
            with self.subTest(seed=number), warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads around
                mixed_storm.Storm(number).run(2)

    def test_the_interpreter_ends_in_the_midst(self):
        first = seed()
        for number in range(first, first + 5 * LENGTH):
            with self.subTest(seed=number):
                programs.run(str(pathlib.Path(mixed_storm.__file__)), str(number))


if __name__ == "__main__":
    unittest.main()
