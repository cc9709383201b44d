"""Plants a wrong arrow of each kind in a copy of the tree, and sees scripts/check-arrows refuse it."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = ROOT / "scripts" / "check-arrows"


class CheckArrows(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name)
        for top in ("include", "src", "apps", "examples", "python/src", "python/threadwise/include"):
            shutil.copytree(ROOT / top, self.tree / top, ignore=shutil.ignore_patterns("build", "__pycache__"))

    def check(self):
        return subprocess.run([sys.executable, CHECK, self.tree], capture_output=True, text=True, check=False)

    def include(self, file, *headers):
        """Adds the headers, spelled with their quotes, to a file of the tree, which is made if it is not there."""
        path = self.tree / file
        path.parent.mkdir(exist_ok=True)
        text = path.read_text() if path.exists() else ""
        path.write_text(text + "".join(f"#include {header}\n" for header in headers))

    def assert_refused(self, *words):
        checked = self.check()
        self.assertEqual(checked.returncode, 1, checked.stdout + checked.stderr)
        for word in words:
            self.assertIn(word, checked.stdout)

    def test_accepts_the_tree(self):
        checked = self.check()
        self.assertEqual((checked.returncode, checked.stdout), (0, ""), checked.stderr)

    def test_refuses_a_source_of_a_higher_layer(self):
        self.include("src/runtime/waiting/door.cpp", '"pool/pool.hpp"')
        self.assert_refused("src/runtime/waiting/door.cpp", "runtime/waiting may not know pool")

    def test_refuses_a_detail_header_of_a_higher_layer(self):
        self.include("src/platform/cpu.cpp", '"threadwise/detail/futures/task.hpp"')
        self.assert_refused("src/platform/cpu.cpp", "platform may not know futures")

    def test_refuses_a_public_header_of_a_higher_layer(self):
        self.include("include/threadwise/lock.hpp", '"threadwise/queue.hpp"')
        self.assert_refused("include/threadwise/lock.hpp", "threading/synchronization may not know queue")

    def test_refuses_a_higher_sub_folder(self):
        self.include("src/runtime/records/registry.cpp", '"runtime/lifetime/recycler.hpp"')
        self.assert_refused("runtime/records may not know runtime/lifetime")

    def test_refuses_a_circle_inside_a_folder(self):
        self.include("src/runtime/waiting/spin.hpp", '"runtime/waiting/door.hpp"')
        self.assert_refused("in a circle", "runtime/waiting/door -> runtime/waiting/spin -> runtime/waiting/door")

    def test_refuses_a_circle_through_a_public_header(self):
        self.include("include/threadwise/event.hpp", '"threadwise/barrier.hpp"')
        self.include("src/threading/synchronization/barrier.cpp", '"threadwise/event.hpp"')
        self.assert_refused("in a circle", "threading/synchronization/barrier")

    def test_refuses_a_header_without_a_layer(self):
        self.include("include/threadwise/novelty.hpp")
        self.include("include/threadwise/detail/novelty.hpp")
        self.include("src/novelty/novelty.cpp")
        self.assert_refused(
            "include/threadwise/novelty.hpp: is in no layer",
            "include/threadwise/detail/novelty.hpp: is in no layer",
            "src/novelty/novelty.cpp: is in no layer",
        )

    def test_refuses_a_source_in_another_layer_than_its_header(self):
        self.include("include/threadwise/detail/queue/novelty.hpp")
        self.include("src/pool/novelty.cpp", '"threadwise/detail/queue/novelty.hpp"')
        self.assert_refused("is of queue, but its source is of pool")

    def test_refuses_hidden_headers_in_programs(self):
        self.include("apps/demo.cpp", '"runtime/waiting/door.hpp"')
        self.include("python/src/base/waiting.cpp", '"platform/futex.hpp"')
        self.assert_refused("apps/demo.cpp", "python/src/base/waiting.cpp", "only public headers may be included here")

    def test_refuses_a_higher_folder_of_the_command(self):
        self.include("apps/files/sha256.cpp", '"terminal/terminal.hpp"')
        self.assert_refused("apps/files may not know apps/terminal")

    def test_refuses_a_higher_folder_of_the_extension(self):
        self.include("python/src/locks/lock.cpp", '"pool/pool.hpp"')
        self.assert_refused("python/locks may not know python/pool")

    def test_refuses_the_operating_system_above_the_platform(self):
        self.include("src/runtime/base/errors.cpp", "<sys/mman.h>")
        self.assert_refused("src/runtime/base/errors.cpp", "know the operating system: <sys/mman.h>")

    def test_refuses_a_header_that_is_not_there(self):
        self.include("src/queue/queue_lock.cpp", '"queue/nothing.hpp"')
        self.assert_refused('there is no "queue/nothing.hpp"')

    def test_refuses_a_crowded_folder(self):
        for number in range(17):
            self.include(f"src/inspect/unit{number}.cpp")
        self.assert_refused("src/inspect: holds ")


if __name__ == "__main__":
    unittest.main()
