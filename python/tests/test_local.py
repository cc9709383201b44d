"""Thread-local objects: what Python's own tests of them do not ask."""

import gc
import unittest
import weakref

from threadwise import _thread, threading

import programs


def run_in_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


class Value:
    """Something to refer to, weakly and in cycles."""


class LocalTests(unittest.TestCase):
    def test_it_is_ours(self):
        self.assertIs(threading.local, _thread._local)
        self.assertEqual(repr(threading.local), "<class '_thread._local'>")

    def test_each_thread_has_its_own_values(self):
        mine, seen = threading.local(), []
        mine.value = "here"

        def look():
            seen.append(hasattr(mine, "value"))
            mine.value = "there"
            seen.append(mine.__dict__)

        run_in_thread(look)
        self.assertEqual(seen, [False, {"value": "there"}])
        self.assertEqual(mine.__dict__, {"value": "here"})

    def test_many_objects_in_many_threads(self):
        objects = [threading.local() for _ in range(100)]
        wrong = []

        def use(number):
            for _ in range(20):
                for place, each in enumerate(objects):
                    each.value = number, place
                wrong.extend(each for place, each in enumerate(objects) if each.value != (number, place))

        threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual([each.__dict__ for each in objects], [{}] * 100)

    def test_an_object_does_not_find_the_values_of_one_that_is_gone(self):
        for _ in range(1000):
            mine = threading.local()
            self.assertEqual(mine.__dict__, {})
            mine.value = 1

    def test_values_die_with_their_thread_and_with_the_object(self):
        mine, values = threading.local(), []

        def keep():
            mine.value = Value()
            values.append(weakref.ref(mine.value))

        run_in_thread(keep)
        self.assertIsNone(values[0]())
        keep()
        self.assertIsNotNone(values[1]())
        del mine
        self.assertIsNone(values[1]())

    def test_a_cycle_through_another_threads_values_is_collected(self):
        mine, value = threading.local(), Value()
        done, leave = threading.Event(), threading.Event()
        gone = weakref.ref(mine)

        def keep(box):
            local = box.pop()
            local.value, value.local = value, local
            del local
            done.set()
            leave.wait()

        thread = threading.Thread(target=keep, args=([mine],))
        thread.start()
        done.wait()
        del mine, value
        gc.collect()
        self.assertIsNone(gone())
        leave.set()
        thread.join()

    def test_what_dies_with_a_thread_may_use_thread_local_objects(self):
        mine, seen = threading.local(), []

        class AtEnd:
            def __del__(self):
                seen.append(getattr(mine, "other", None))

        def keep():
            mine.value = AtEnd()
            mine.other = 1

        run_in_thread(keep)
        self.assertEqual(len(seen), 1)

    def test_a_derived_class_is_initialised_in_each_thread(self):
        calls = []

        class Mine(threading.local):
            shared = "class"

            def __init__(self, *args, **keywords):
                calls.append((threading.get_ident(), args, keywords))
                self.args = args

            @property
            def size(self):
                return len(self.args)

            @size.setter
            def size(self, value):
                self.args = (None,) * value

        mine = Mine(1, key=2)
        mine.size = 3
        run_in_thread(lambda: self.assertEqual((mine.args, mine.size, mine.shared), ((1,), 1, "class")))
        self.assertEqual([call[1:] for call in calls], [((1,), {"key": 2})] * 2)
        self.assertEqual(mine.args, (None,) * 3)

    def test_an_initialiser_that_fails_is_tried_again(self):
        class Mine(threading.local):
            fails = False

            def __init__(self):
                if Mine.fails:
                    raise LookupError
                self.value = 1

        mine, seen = Mine(), []

        def use():
            Mine.fails = True
            with self.assertRaises(LookupError):
                mine.value
            Mine.fails = False
            seen.append(mine.value)

        run_in_thread(use)
        self.assertEqual(seen, [1])

    def test_errors(self):
        mine = threading.local()
        with self.assertRaisesRegex(TypeError, "Initialization arguments are not supported"):
            threading.local(1)
        with self.assertRaisesRegex(AttributeError, "'_thread._local' object has no attribute 'value'"):
            mine.value
        with self.assertRaisesRegex(AttributeError, "value"):
            del mine.value
        with self.assertRaisesRegex(AttributeError, "attribute '__dict__' is read-only"):
            mine.__dict__ = {}
        with self.assertRaises(TypeError):
            object.__getattribute__(mine, 1)

    def test_forked_children_keep_only_the_values_of_the_thread_that_forked(self):
        program = """if True:
            import os
            from threadwise import threading

            class Mine:
                def __del__(self):
                    os.write(1, b"gone ")

            local, there, leave = threading.local(), threading.Event(), threading.Event()
            local.value = "kept"

            def other():
                local.value = Mine()
                there.set()
                leave.wait()

            thread = threading.Thread(target=other)
            thread.start()
            there.wait()
            child = os.fork()
            if child == 0:
                os.write(1, local.value.encode() + b" ")
                os._exit(0)
            os.waitpid(child, 0)
            leave.set()
            thread.join()
            """
        printed = programs.run("-Wignore", source=program)
        self.assertEqual(" ".join(printed).split().count("kept"), 1)


if __name__ == "__main__":
    unittest.main()
