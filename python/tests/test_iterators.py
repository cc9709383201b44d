"""Iterators that threads share."""

import copy
import unittest

from threadwise import threading
from threadwise.threading import concurrent_tee, serialize_iterator, synchronized_iterator


def counting(limit):
    """A generator, which must not be entered by two threads at once."""
    yield from range(limit)


def in_threads(count, function):
    """What the function returns in each of so many threads."""
    results = [None] * count

    def run(i):
        results[i] = function(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Serialized(unittest.TestCase):
    def test_each_item_goes_to_one_thread(self):
        shared = serialize_iterator(counting(10_000))
        taken = in_threads(4, lambda _: list(shared))
        self.assertEqual(sorted(sum(taken, [])), list(range(10_000)))
        for each in taken:
            self.assertEqual(each, sorted(each))

    def test_decorated_generator(self):
        @synchronized_iterator
        def count(limit):
            """Counts."""
            yield from range(limit)

        self.assertIsInstance(count(1), serialize_iterator)
        self.assertEqual((list(count(3)), count.__name__, count.__doc__), ([0, 1, 2], "count", "Counts."))

    def test_a_generator_s_other_functions(self):
        def echo():
            said = None
            while True:
                try:
                    said = yield said
                except KeyError:
                    said = "caught"

        shared = serialize_iterator(echo())
        self.assertIsNone(next(shared))
        self.assertEqual(shared.send("hello"), "hello")
        self.assertEqual(shared.throw(KeyError()), "caught")
        shared.close()
        self.assertRaises(StopIteration, next, shared)
        self.assertRaises(AttributeError, serialize_iterator([]).send, 1)

    def test_what_is_raised_leaves_it_usable(self):
        shared = serialize_iterator(1 / number for number in (1, 0))
        self.assertEqual(next(shared), 1)
        self.assertRaises(ZeroDivisionError, next, shared)
        self.assertRaises(StopIteration, next, shared)
        self.assertRaises(TypeError, serialize_iterator, 1)


class Tee(unittest.TestCase):
    def test_each_thread_gets_everything(self):
        branches = concurrent_tee(counting(5_000), 4)
        self.assertEqual(in_threads(4, lambda i: list(branches[i])), [list(range(5_000))] * 4)

    def test_a_branch_splits_where_it_is(self):
        first, second = concurrent_tee("abcd")
        self.assertEqual([next(first), next(first)], ["a", "b"])
        again, third = concurrent_tee(first)
        fourth = copy.copy(third)
        self.assertIs(fourth.lock, first.lock)
        self.assertEqual(["".join(each) for each in (second, again, third, fourth)], ["abcd", "cd", "cd", "cd"])

    def test_its_class_makes_one_of_an_iterable_or_of_another(self):
        first = threading._concurrent_tee("abc")
        self.assertIsInstance(concurrent_tee("abc")[1], threading._concurrent_tee)
        self.assertEqual(next(first), "a")
        second = threading._concurrent_tee(first)
        self.assertIs(second.iterator, first.iterator)
        self.assertEqual(["".join(first), "".join(second)], ["bc", "bc"])

    def test_numbers(self):
        self.assertEqual(concurrent_tee("a", 0), ())
        self.assertEqual(len(concurrent_tee("a", 1)), 1)
        self.assertRaisesRegex(ValueError, "n must be a non-negative integer", concurrent_tee, "a", -1)
        self.assertRaises(TypeError, concurrent_tee, 1)


if __name__ == "__main__":
    unittest.main()
